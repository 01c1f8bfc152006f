-- SPDX-License-Identifier: MIT
-- nvim --headless -u NONE FILE -S smoke.lua
-- Drives the server with nothing but Neovim's own client and writes what the editor holds to $OUT:
-- the diagnostics at first, the completions at the name, the buffer and diagnostics after the fix.
local out = { version = tostring(vim.version().major) .. "." .. tostring(vim.version().minor) }
local buf = vim.api.nvim_get_current_buf()
local errors = {}
local config = {
  name = "ollama-ls",
  cmd = { vim.env.OLLAMA_LS, "--stdio" },
  root_dir = vim.fn.getcwd(),
  on_error = function(code) table.insert(errors, "client error " .. tostring(code)) end,
  on_exit = function(code) out.exit = code end,
}
local id = vim.lsp.start and vim.lsp.start(config) or vim.lsp.start_client(config)
if not vim.lsp.start then
  vim.lsp.buf_attach_client(buf, id)
end

local function plain(list)
  local found = {}
  for _, d in ipairs(list) do
    table.insert(found, { d.lnum, d.col, d.end_lnum, d.end_col, d.code or vim.NIL, d.source,
      d.severity, d.message })
  end
  return found
end
local function wait(what, condition)
  if not vim.wait(15000, condition, 20) then
    table.insert(errors, "timeout: " .. what)
  end
end

wait("diagnostics", function() return #vim.diagnostic.get(buf) > 0 end)
out.before = plain(vim.diagnostic.get(buf))

local function request(method, params)
  local answers, problem = vim.lsp.buf_request_sync(buf, method, params, 10000)
  if not answers or not answers[id] or answers[id].err then
    table.insert(errors, method .. ": " .. vim.inspect(problem or answers))
    return nil
  end
  return answers[id].result
end

local first = vim.diagnostic.get(buf)[1]
if first then
  local document = { uri = vim.uri_from_bufnr(buf) }
  local place = { line = first.lnum, character = first.col + 2 }
  local result = request("textDocument/completion", { textDocument = document, position = place })
  out.completions = {}
  for _, item in ipairs(result and (result.items or result) or {}) do
    table.insert(out.completions, item.label)
  end
  local range = { start = { line = first.lnum, character = first.col },
    ["end"] = { line = first.end_lnum, character = first.end_col } }
  local actions = request("textDocument/codeAction", { textDocument = document, range = range,
    context = { only = { "quickfix" }, diagnostics = { first.user_data.lsp and
      first.user_data.lsp.diagnostic or { range = range, message = first.message,
        source = first.source, severity = first.severity, code = first.code } } } }) or {}
  out.actions = {}
  for _, action in ipairs(actions) do
    table.insert(out.actions, action.title)
  end
  for _, action in ipairs(actions) do
    if not action.edit and action.data then
      action = request("codeAction/resolve", action) or action
    end
    if action.edit then
      vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
      break
    end
  end
end
out.lines = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
wait("silence", function() return #vim.diagnostic.get(buf) == 0 end)
out.after = plain(vim.diagnostic.get(buf))
vim.lsp.stop_client(id)
wait("the end of the server", function() return out.exit ~= nil end)
out.errors = errors
out.messages = vim.fn.execute("messages")
local file = io.open(vim.env.OUT, "w")
file:write(vim.fn.json_encode(out))
file:close()
vim.cmd("qa!")
