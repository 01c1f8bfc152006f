-- SPDX-License-Identifier: MIT
-- By autocommands, which all versions have; vim.filetype.add would need to be switched on in 0.7.
local function detect(pattern, callback)
  vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, { pattern = pattern, callback = callback })
end

detect({ "Modelfile", "*.Modelfile", "*.modelfile", "Modelfile.*" }, function()
  vim.cmd("setfiletype modelfile")
end)

-- Adobe Illustrator uses the name too, and newer versions of Neovim know no other: such files are PDF or
-- PostScript.
detect("*.ai", function()
  local first = vim.api.nvim_buf_get_lines(0, 0, 1, false)[1] or ""
  if not first:match("^%%") then
    vim.bo.filetype = "namel3ss"
  end
end)
