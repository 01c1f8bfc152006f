-- SPDX-License-Identifier: MIT
-- Markdown that is shown beside the text while it comes: explanations, and what :OllamaLs prints.
local config = require("ollama-ls.config")

local M = {}

local function open_window(bufnr)
  local how = config.values.panel
  if how == "float" then
    local width = math.min(100, math.max(40, math.floor(vim.o.columns * 0.7)))
    local height = math.max(8, math.floor(vim.o.lines * 0.6))
    return vim.api.nvim_open_win(bufnr, true, {
      relative = "editor",
      width = width,
      height = height,
      row = math.floor((vim.o.lines - height) / 2),
      col = math.floor((vim.o.columns - width) / 2),
      style = "minimal",
      border = "rounded",
    })
  end
  local command = ({ split = "botright split", tab = "tab split" })[how] or "botright vsplit"
  vim.cmd(command)
  local window = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(window, bufnr)
  return window
end

---A window with an empty Markdown buffer; the cursor stays where it is, but for a floating one.
---`on_close()` is called when the user closes it. Returns the buffer.
function M.open(title, on_close)
  local bufnr = vim.api.nvim_create_buf(false, true)
  pcall(vim.api.nvim_buf_set_name, bufnr, ("ollama-ls://%s #%d"):format(title, bufnr))
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].swapfile = false
  local before = vim.api.nvim_get_current_win()
  local window = open_window(bufnr)
  vim.bo[bufnr].filetype = "markdown"
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  vim.wo[window].spell = false
  vim.bo[bufnr].modifiable = false
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, nowait = true, desc = "Close" })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = bufnr,
    once = true,
    callback = function()
      if on_close then
        on_close()
      end
    end,
  })
  if config.values.panel ~= "float" then
    vim.api.nvim_set_current_win(before)
  end
  return bufnr
end

local function write(bufnr, change)
  if not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  vim.bo[bufnr].modifiable = true
  change()
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---Append text. A window whose cursor is on the last line goes along with it.
function M.append(bufnr, text)
  write(bufnr, function()
    local last = vim.api.nvim_buf_line_count(bufnr)
    local line = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ""
    local followers = vim.tbl_filter(function(window)
      return vim.api.nvim_win_get_cursor(window)[1] == last
    end, vim.fn.win_findbuf(bufnr))
    vim.api.nvim_buf_set_text(bufnr, last - 1, #line, last - 1, #line, vim.split(text, "\n", { plain = true }))
    for _, window in ipairs(followers) do
      vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(bufnr), 0 })
    end
  end)
end

---Replace all of it.
function M.set(bufnr, text)
  write(bufnr, function()
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(text, "\n", { plain = true }))
  end)
end

return M
