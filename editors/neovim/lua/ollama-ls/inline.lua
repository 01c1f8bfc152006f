-- SPDX-License-Identifier: MIT
-- Text shown ahead of the cursor: Neovim's own, from 0.12 on. Whether there is any is the server's to say
-- (the setting inlineCompletion.enable, or a model chosen for `autocomplete`).
local config = require("ollama-ls.config")

local M = {}

function M.attach(client, bufnr)
  local inline = vim.lsp.inline_completion
  if not inline or not config.values.inline_completion or not client.server_capabilities.inlineCompletionProvider then
    return
  end
  inline.enable(true, { bufnr = bufnr })
  local function map(key, call, about)
    if key and key ~= "" then
      vim.keymap.set("i", key, function()
        return call() and "" or key
      end, { buffer = bufnr, expr = true, replace_keycodes = true, desc = "ollama-ls: " .. about })
    end
  end
  map(config.values.keys.inline_accept, inline.get, "take the text shown")
  map(config.values.keys.inline_next, function()
    inline.select()
    return true
  end, "show another text")
end

return M
