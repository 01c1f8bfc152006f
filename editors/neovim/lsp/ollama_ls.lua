-- SPDX-License-Identifier: MIT
-- For vim.lsp.config and vim.lsp.enable("ollama_ls"), Neovim 0.11 and later. Without `filetypes`: what
-- matters is what a file says, and a file of no interest costs nothing.
local client = require("ollama-ls.client")

local config = client.lsp_config()
config.name = nil
config.reuse_client = client.reuse
config.root_dir = function(bufnr, on_dir)
  if client.can_start(bufnr) then
    on_dir(client.root(bufnr))
  end
end
return config
