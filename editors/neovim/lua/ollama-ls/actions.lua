-- SPDX-License-Identifier: MIT
-- AI actions on the text of a buffer: from a selection to the server's command.
local client = require("ollama-ls.client")
local config = require("ollama-ls.config")
local stream = require("ollama-ls.stream")

local M = {}

---The actions every server has; more come from the setting `actions`.
local BUILT_IN =
  { "explain", "fix", "refactor", "simplify", "optimise", "document", "types", "tests", "complete", "edit" }

function M.names()
  local names = vim.deepcopy(BUILT_IN)
  for _, action in ipairs(config.values.settings.actions or {}) do
    if type(action) == "table" and action.name and not vim.tbl_contains(names, action.name) then
      table.insert(names, action.name)
    end
  end
  return names
end

-- A byte column as the server counts.
local function character(bufnr, row, col, encoding)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  col = math.min(col, #line)
  if encoding == "utf-8" then
    return col
  end
  local utf32, utf16 = vim.str_utfindex(line, col)
  return encoding == "utf-32" and utf32 or utf16
end

local function position(bufnr, row, col, encoding)
  return { line = row, character = character(bufnr, row, col, encoding) }
end

-- Whole lines, 1-based, both included.
local function range_of_lines(bufnr, first, last, encoding)
  return {
    start = { line = first - 1, character = 0 },
    ["end"] = position(bufnr, last - 1, math.huge, encoding),
  }
end

local function is_visual(mode)
  return mode == "v" or mode == "V" or mode == "\22"
end

-- What is selected now, exactly; lines, when whole lines are.
local function range_of_selection(bufnr, encoding)
  local mode = vim.fn.mode()
  local from, to = vim.fn.getpos("v"), vim.fn.getpos(".")
  if from[2] > to[2] or (from[2] == to[2] and from[3] > to[3]) then
    from, to = to, from
  end
  if mode ~= "v" then
    return range_of_lines(bufnr, from[2], to[2], encoding)
  end
  local line = vim.api.nvim_buf_get_lines(bufnr, to[2] - 1, to[2], false)[1] or ""
  -- The last character is selected too, however many bytes it has.
  local chars = vim.fn.strchars(line:sub(1, to[3] - 1)) + 1
  local last = vim.fn.byteidx(line, chars)
  return {
    start = position(bufnr, from[2] - 1, from[3] - 1, encoding),
    ["end"] = position(bufnr, to[2] - 1, last < 0 and #line or last, encoding),
  }
end

local function range_of_cursor(bufnr, encoding)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local at = position(bufnr, cursor[1] - 1, cursor[2], encoding)
  return { start = at, ["end"] = at }
end

-- Other servers' diagnostics on these lines, as they came where Neovim keeps that.
local function diagnostics(bufnr, range, encoding)
  local found = {}
  for _, item in ipairs(vim.diagnostic.get(bufnr)) do
    local is_in = item.lnum <= range["end"].line and (item.end_lnum or item.lnum) >= range.start.line
    if is_in and item.source ~= "ollama-ls" then
      local original = item.user_data and item.user_data.lsp
      table.insert(found, {
        range = {
          start = position(bufnr, item.lnum, item.col, encoding),
          ["end"] = position(bufnr, item.end_lnum or item.lnum, item.end_col or item.col, encoding),
        },
        severity = item.severity,
        source = item.source,
        message = item.message,
        code = original and original.code or item.code,
      })
    end
  end
  return found
end

---Run an action.
---options: lines = { first, last } (1-based), range (of LSP), instruction, model, review
---Without lines or range: what is selected, else the text around the cursor.
function M.run(action, options)
  options = options or {}
  local running = client.get()
  local bufnr = vim.api.nvim_get_current_buf()
  local encoding = running and running.offset_encoding or "utf-16"
  local range = options.range
  if not range and options.lines then
    range = range_of_lines(bufnr, options.lines[1], options.lines[2], encoding)
  elseif not range and is_visual(vim.fn.mode()) then
    range = range_of_selection(bufnr, encoding)
    vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("<Esc>", true, false, true), "nx", false)
  end
  range = range or range_of_cursor(bufnr, encoding)
  local argument = {
    id = stream.new_id(),
    action = action,
    uri = vim.uri_from_bufnr(bufnr),
    range = range,
    instruction = options.instruction,
    model = options.model,
    review = options.review,
  }
  if action == "fix" then
    argument.diagnostics = diagnostics(bufnr, range, encoding)
  end
  if action ~= "edit" or options.instruction then
    client.execute("ai", argument)
    return argument.id
  end
  vim.ui.input({ prompt = "Edit: " }, function(instruction)
    if instruction and instruction ~= "" then
      argument.instruction = instruction
      client.execute("ai", argument)
    end
  end)
  return argument.id
end

return M
