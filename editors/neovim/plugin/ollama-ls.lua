-- SPDX-License-Identifier: MIT
if vim.g.loaded_ollama_ls then
  return
end
vim.g.loaded_ollama_ls = true
if vim.fn.has("nvim-0.7") == 0 then
  vim.notify("ollama-ls needs Neovim 0.7 or newer", vim.log.levels.ERROR)
  return
end

local group = vim.api.nvim_create_augroup("ollama-ls", {})

local function set_colours()
  for name, link in pairs({
    OllamaLsTarget = "Visual",
    OllamaLsText = "DiffAdd",
    OllamaLsThinking = "Comment",
    OllamaLsHeader = "Comment",
  }) do
    vim.api.nvim_set_hl(0, name, { link = link, default = true })
  end
end
set_colours()
vim.api.nvim_create_autocmd("ColorScheme", { group = group, callback = set_colours })

vim.api.nvim_create_user_command("OllamaLs", function(context)
  require("ollama-ls.commands").run(context)
end, {
  nargs = "*",
  range = true,
  bang = true,
  complete = function(lead, line)
    return require("ollama-ls.commands").complete(lead, line:gsub("^.-OllamaLs!?", "OllamaLs", 1))
  end,
  desc = "Ollama: status, models, AI actions",
})

-- From 0.11 on vim.lsp.enable serves buffers that have a file type; those that have none are started here.
local function is_left_to_vim()
  return vim.lsp.enable ~= nil and vim.fn.has("nvim-0.11") == 1
end

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "FileType", "BufFilePost" }, {
  group = group,
  callback = function(context)
    vim.schedule(function()
      if not vim.api.nvim_buf_is_valid(context.buf) then
        return
      end
      local client = require("ollama-ls.client")
      if is_left_to_vim() and vim.bo[context.buf].filetype ~= "" then
        client.check(context.buf)
      else
        client.on_buffer(context.buf)
      end
    end)
  end,
})

if vim.fn.has("nvim-0.8") == 1 then
  vim.api.nvim_create_autocmd("LspAttach", {
    group = group,
    callback = function(context)
      local client = vim.lsp.get_client_by_id(context.data.client_id)
      if client and client.name == require("ollama-ls.config").NAME and is_left_to_vim() then
        require("ollama-ls.client").on_attach(client, context.buf)
      end
    end,
  })
end

-- After the user's own files, which may call setup() or vim.lsp.config().
local function enable()
  if is_left_to_vim() and require("ollama-ls.config").values.autostart then
    vim.lsp.enable(require("ollama-ls.config").NAME)
  end
end
if vim.v.vim_did_enter == 1 then
  enable()
else
  vim.api.nvim_create_autocmd("VimEnter", { group = group, once = true, callback = enable })
end
