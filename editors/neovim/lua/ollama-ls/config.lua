-- SPDX-License-Identifier: MIT
-- What the user chose, and what differs between Neovim 0.7 and 0.12.
local M = {}

---@class ollama_ls.Config
local defaults = {
  -- The program and its arguments.
  cmd = { "ollama-ls", "--stdio" },
  -- Start in every file buffer. With false: :OllamaLs restart starts it.
  autostart = true,
  -- Settings of ollama-ls (docs/settings.md), without the section's name: { url = "…", ai = { … } }.
  settings = {},
  -- What a client can do beyond Neovim's own list: from nvim-cmp, blink.cmp and the like.
  capabilities = nil,
  on_attach = nil,
  -- Keys of normal mode, in the buffer, while an action runs or its result waits. false: none.
  keys = {
    accept = "<M-y>",
    reject = "<M-n>",
    cancel = "<C-c>",
    -- Of insert mode, for text that is shown ahead of the cursor (Neovim 0.12).
    inline_accept = "<M-y>",
    inline_next = "<M-n>",
  },
  -- Where explanations are shown: "vsplit", "split", "tab" or "float".
  panel = "vsplit",
  -- Lines of an answer that are shown while it comes: its last ones.
  preview_lines = 30,
  inline_completion = true,
  inlay_hints = false,
  code_lens = false,
  icons = {
    ok = "●",
    warning = "▲",
    error = "✗",
    spinner = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" },
  },
}

M.values = vim.deepcopy(defaults)

function M.set(options)
  M.values = vim.tbl_deep_extend("force", vim.deepcopy(defaults), options or {})
end

---Was it built for this Neovim, or a newer one?
function M.has(version)
  return vim.fn.has("nvim-" .. version) == 1
end

---The name under which the client runs, and of lsp/ollama_ls.lua.
M.NAME = "ollama_ls"

function M.notify(message, level)
  vim.notify("ollama-ls: " .. message, level or vim.log.levels.INFO)
end

return M
