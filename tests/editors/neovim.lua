-- SPDX-License-Identifier: MIT
-- Loaded by tests/editors/neovim.py: what the test asks of a running Neovim, as plain data.
local T = { notes = {}, progress_seen = {}, asked = {} }
_G.Test = T

vim.o.more = false
vim.o.swapfile = false
vim.o.hidden = true
vim.o.completeopt = "menuone"
vim.o.shortmess = vim.o.shortmess .. "FI"
vim.o.cmdheight = 10 -- no "Press ENTER"
vim.o.lines = 40
vim.o.columns = 120

vim.notify = function(message, level)
  table.insert(T.notes, { tostring(message), level or vim.log.levels.INFO })
end
-- Questions of the server are answered by what the test put into T.answer.
vim.ui.select = function(items, options, on_choice)
  local titles = {}
  for _, item in ipairs(items) do
    local title = (options.format_item or tostring)(item)
    table.insert(titles, title)
  end
  table.insert(T.asked, { prompt = options.prompt or "", titles = titles })
  for i, title in ipairs(titles) do
    if T.answer and vim.startswith(title, T.answer) then
      on_choice(items[i], i)
      return
    end
  end
  on_choice(nil, nil)
end

local own_progress = vim.lsp.handlers["$/progress"]
vim.lsp.handlers["$/progress"] = function(err, params, ...)
  local value = params.value or {}
  table.insert(T.progress_seen, {
    token = params.token,
    kind = value.kind,
    percentage = value.percentage,
    message = value.message,
  })
  if own_progress then
    return own_progress(err, params, ...)
  end
end

-- Omni completion is set by Neovim itself from 0.8 on.
vim.api.nvim_create_autocmd("BufEnter", {
  callback = function()
    if vim.bo.omnifunc == "" then
      vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
    end
  end,
})

local function list(value)
  return #value == 0 and vim.fn.json_decode("[]") or value
end
local main = nil
local function buffer()
  main = main or vim.fn.bufnr(vim.fn.argv(0))
  return main
end

function T.findings()
  local found = {}
  for _, d in ipairs(vim.diagnostic.get(buffer())) do
    local line = vim.api.nvim_buf_get_lines(buffer(), d.lnum, d.lnum + 1, false)[1] or ""
    table.insert(found, { d.lnum, vim.str_utfindex(line, math.min(d.col, #line)),
      vim.str_utfindex(line, math.min(d.end_col, #line)), d.code, d.message, d.source })
  end
  return list(found)
end

function T.text()
  return table.concat(vim.api.nvim_buf_get_lines(buffer(), 0, -1, false), "\n") .. "\n"
end

function T.status()
  local status = require("ollama-ls.status")
  return { state = status.state(), text = status.text(),
    line = vim.api.nvim_eval_statusline and vim.api.nvim_eval_statusline(
      "%{%v:lua.require'ollama-ls'.statusline()%}", {}).str or "" }
end

function T.messages()
  local parts = { vim.fn.execute("messages") }
  for _, note in ipairs(T.notes) do
    table.insert(parts, note[1])
  end
  return table.concat(parts, "\n")
end

function T.overlays()
  local namespace = vim.api.nvim_create_namespace("ollama-ls")
  local marks = vim.api.nvim_buf_get_extmarks(buffer(), namespace, 0, -1, { details = true })
  local found = {}
  for _, mark in ipairs(marks) do
    local text = {}
    for _, chunk in ipairs(mark[4].virt_text or {}) do
      table.insert(text, chunk[1])
    end
    for _, line in ipairs(mark[4].virt_lines or {}) do
      table.insert(text, line[1][1])
    end
    table.insert(found, { line = mark[2], text = table.concat(text, "\n") })
  end
  return list(found)
end

function T.panel()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(bufnr):match("ollama%-ls://") and vim.bo[bufnr].filetype == "markdown" then
      return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
    end
  end
  return ""
end

function T.progress()
  return list(T.progress_seen)
end

function T.menu()
  local labels = {}
  for _, item in ipairs(vim.fn.complete_info({ "items" }).items) do
    table.insert(labels, item.abbr ~= "" and item.abbr or item.word)
  end
  return list(labels)
end

function T.mode()
  return vim.fn.mode()
end

function T.answer_with(text)
  T.answer = text
  return true
end

function T.questions()
  return list(T.asked)
end

-- Opens the code actions at the cursor; the one whose title starts so is chosen when they come.
function T.act(title)
  T.answer = title
  vim.schedule(vim.lsp.buf.code_action)
  return #T.asked
end

function T.completions_of(line)
  return list(vim.fn.getcompletion(line, "cmdline"))
end

function T.ghost()
  local namespace = vim.api.nvim_get_namespaces()["nvim.lsp.inline_completion"]
  if not namespace then
    return ""
  end
  local text = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer(), namespace, 0, -1, { details = true })) do
    for _, chunk in ipairs(mark[4].virt_text or {}) do
      table.insert(text, chunk[1])
    end
  end
  return table.concat(text, "")
end

function T.current()
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  return vim.bo.filetype == "checkhealth" and text or ""
end

function T.filetype_of(path)
  vim.cmd("edit " .. path)
  local found = vim.bo.filetype
  vim.cmd("buffer " .. buffer())
  return found
end

function T.findings_of(name)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_get_name(bufnr):match(name .. "$") then
      return #vim.diagnostic.get(bufnr) > 0
    end
  end
  return false
end

function T.client_count()
  return #(vim.lsp.get_clients or vim.lsp.get_active_clients)()
end

function T.folders()
  local found = {}
  for _, folder in ipairs(require("ollama-ls.client").get().workspace_folders or {}) do
    table.insert(found, folder.uri)
  end
  return list(found)
end

function T.map(key, does)
  vim.keymap.set("n", key, does, { buffer = buffer() })
  return true
end

function T.mapped(key)
  return vim.fn.maparg(key, "n", false, true).rhs or ""
end

-- What is sent is looked at, not what was meant.
function T.map_visual(key, action)
  local client = require("ollama-ls.client")
  local execute = client.execute
  client.execute = function(verb, argument, ...)
    if argument and argument.range then
      T.range = { start = argument.range.start.character, ["end"] = argument.range["end"].character }
    end
    return execute(verb, argument, ...)
  end
  vim.keymap.set("v", key, function()
    require("ollama-ls").ai(action)
  end)
  return true
end

function T.last_range()
  return { require("ollama-ls.client").get().offset_encoding, T.range.start, T.range["end"] }
end

function T.inline_offered()
  return require("ollama-ls.client").get().server_capabilities.inlineCompletionProvider ~= nil
end

function T.clients()
  local client = require("ollama-ls.client").get()
  return client and { id = client.id, folders = client.workspace_folders } or vim.NIL
end

function T.report()
  return { messages = T.messages(), asked = T.asked, status = require("ollama-ls.status").get(),
    progress = T.progress_seen, runs = require("ollama-ls.stream").list(), mode = vim.fn.mode(),
    text = T.text() }
end
