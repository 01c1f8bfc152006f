-- SPDX-License-Identifier: MIT
-- The plugin's face to users. Everything works without setup().
local config = require("ollama-ls.config")

local M = {}

---Options: see :help ollama-ls-setup. May be called again at any time.
function M.setup(options)
  config.set(options)
  if vim.lsp.config and config.has("0.11") then
    -- lsp/ollama_ls.lua may have been read with the options of before.
    local client = require("ollama-ls.client").lsp_config()
    client.name = nil
    vim.lsp.config(config.NAME, client)
  end
  require("ollama-ls.client").push_settings()
end

---For 'statusline': %{%v:lua.require'ollama-ls'.statusline()%}
function M.statusline()
  local status = require("ollama-ls.status")
  local text = status.text():gsub("%%", "%%%%")
  local highlight = status.highlight()
  return highlight and ("%%#%s#%s%%*"):format(highlight, text) or text
end

---The text alone, without highlighting.
function M.status_text()
  return require("ollama-ls.status").text()
end

---The whole status object of the server, or nil.
function M.status()
  return require("ollama-ls.status").get()
end

---Run an AI action; options: { lines = { first, last }, instruction, model, review }. In a map of visual
---mode it takes what is selected.
function M.ai(action, options)
  return require("ollama-ls.actions").run(action, options)
end

function M.accept()
  require("ollama-ls.stream").accept()
end

function M.reject()
  require("ollama-ls.stream").reject()
end

---Take the text shown ahead of the cursor; false if there is none.
function M.accept_inline()
  return require("ollama-ls.inline").accept()
end

function M.cancel()
  require("ollama-ls.stream").cancel()
end

return M
