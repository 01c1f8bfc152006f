-- SPDX-License-Identifier: MIT
-- Text shown ahead of the cursor: Neovim's own, from 0.12 on. Whether there is any is the server's to say
-- (the setting inlineCompletion.enable, or a model chosen for `autocomplete`).
local config = require("ollama-ls.config")

local M = {}

local METHOD = "textDocument/inlineCompletion"
local asked = {} -- request id -> where the cursor was, and how long its line
local answered = {} -- bufnr -> the same for what is shown

local function here(bufnr)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return { row = row - 1, col = col, length = #vim.api.nvim_buf_get_lines(bufnr, row - 1, row, true)[1] }
end

local function watch(group)
  vim.api.nvim_create_autocmd("LspRequest", {
    group = group,
    callback = function(event)
      local id, request = event.data.request_id, event.data.request
      if request.method ~= METHOD then
        return
      end
      if request.type == "pending" and request.bufnr == vim.api.nvim_get_current_buf() then
        asked[id] = here(request.bufnr)
      else
        if request.type == "complete" then
          answered[request.bufnr] = asked[id]
        end
        asked[id] = nil
      end
    end,
  })
end

---Put a text in where it belongs by now. Neovim goes on showing it while the user types into it, and only
---asks anew when he pauses; its own range is still that of the question, and would leave what he typed behind it.
---True if it still fits.
function M.take(bufnr, item)
  local first = vim.split(item.insert_text, "\n")
  local row, from, last_row, to = item.range:to_extmark()
  local before, now = answered[bufnr], here(bufnr)
  if not before or row ~= now.row or last_row ~= row or before.row ~= row or from > now.col then
    return false
  end
  local typed = now.length - before.length
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, true)[1]
  if now.col - before.col ~= typed or not vim.startswith(first[1], line:sub(from + 1, now.col)) then
    return false
  end
  vim.api.nvim_buf_set_text(bufnr, row, from, row, to + typed, first)
  vim.api.nvim_win_set_cursor(0, { row + #first, (#first == 1 and from or 0) + #first[#first] })
  return true
end

local function accept(bufnr)
  return vim.lsp.inline_completion.get({
    bufnr = bufnr,
    on_accept = function(item)
      local client = vim.lsp.get_client_by_id(item.client_id)
      if not client or client.name ~= config.NAME or type(item.insert_text) ~= "string" or not item.range then
        return item -- another server's
      end
      if M.take(bufnr, item) and item.command then
        client:exec_cmd(item.command, { bufnr = bufnr })
      end
    end,
  })
end

function M.attach(client, bufnr)
  local inline = vim.lsp.inline_completion
  if not inline or not config.values.inline_completion or not client.server_capabilities.inlineCompletionProvider then
    return
  end
  watch(vim.api.nvim_create_augroup("ollama-ls-inline", {}))
  inline.enable(true, { bufnr = bufnr })
  local function map(key, call, about)
    if key and key ~= "" then
      vim.keymap.set("i", key, function()
        return call() and "" or key
      end, { buffer = bufnr, expr = true, replace_keycodes = true, desc = "ollama-ls: " .. about })
    end
  end
  map(config.values.keys.inline_accept, function()
    return accept(bufnr)
  end, "take the text shown")
  map(config.values.keys.inline_next, function()
    inline.select()
    return true
  end, "show another text")
end

---For keys of the user's own: take the text shown; false if there is none.
function M.accept()
  return vim.lsp.inline_completion ~= nil and accept(vim.api.nvim_get_current_buf())
end

return M
