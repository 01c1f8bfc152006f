-- SPDX-License-Identifier: MIT
-- AI actions while they run and while their result waits. The buffer's text is never touched here: the
-- answer is drawn below its place, and the server makes the edit. Marks follow what the user edits
-- meanwhile. Dropped messages lose nothing: the last one holds the whole text.
local client = require("ollama-ls.client")
local config = require("ollama-ls.config")
local panel = require("ollama-ls.panel")
local status = require("ollama-ls.status")
local uv = vim.uv or vim.loop

local M = {}

local namespace = vim.api.nvim_create_namespace("ollama-ls")
local DRAW_MS = 60

local runs = {} -- id -> run: at work, or with a result that waits
local messages = {} -- id -> the last progress message, of runs that have not begun too
local timer = nil
local next_id = 0

-- --- keys, in the buffer, while there is something to do with them ---

local mapped = {} -- bufnr -> key -> the user's own buffer-local map, or false

local function set_keys(bufnr)
  if mapped[bufnr] or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  mapped[bufnr] = {}
  for what, about in pairs({ accept = "Take", reject = "Drop", cancel = "Stop" }) do
    local key = config.values.keys[what]
    if key and key ~= "" then
      vim.api.nvim_buf_call(bufnr, function()
        local old = vim.fn.maparg(key, "n", false, true)
        mapped[bufnr][key] = old.buffer == 1 and old or false
      end)
      vim.keymap.set("n", key, function()
        M[what]()
      end, { buffer = bufnr, nowait = true, desc = about .. " the result of ollama-ls" })
    end
  end
end

local function unset_keys(bufnr)
  local keys = mapped[bufnr]
  mapped[bufnr] = nil
  if not keys or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  for key, old in pairs(keys) do
    pcall(vim.keymap.del, "n", key, { buffer = bufnr })
    if old then
      vim.api.nvim_buf_set_keymap(bufnr, "n", key, old.rhs or "", {
        noremap = old.noremap == 1,
        silent = old.silent == 1,
        expr = old.expr == 1,
        nowait = old.nowait == 1,
        callback = old.callback,
      })
    end
  end
end

-- --- drawing ---

local function place_mark(run, range, encoding)
  local bufnr = run.bufnr
  local lines = vim.api.nvim_buf_line_count(bufnr)
  local function position(at)
    local row = math.min(at.line, lines - 1)
    local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
    if at.line > row then
      return row, #line
    end
    if encoding == "utf-8" then
      return row, math.min(at.character, #line)
    end
    local ok, byte = pcall(vim.str_byteindex, line, at.character, encoding == "utf-16")
    return row, ok and math.min(byte, #line) or #line
  end
  local row, col = position(range.start)
  local end_row, end_col = position(range["end"])
  run.mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, row, col, {
    end_row = end_row,
    end_col = end_col,
    hl_group = "OllamaLsTarget",
    right_gravity = false,
    end_right_gravity = true,
  })
end

-- Where the run's text stands now: row, col, end_row, end_col; nil when the buffer is gone.
local function mark_place(run)
  if not run.mark or not vim.api.nvim_buf_is_valid(run.bufnr) then
    return nil
  end
  local mark = vim.api.nvim_buf_get_extmark_by_id(run.bufnr, namespace, run.mark, { details = true })
  if not mark[1] then
    return nil
  end
  return mark[1], mark[2], mark[3].end_row or mark[1], mark[3].end_col or mark[2]
end

local function key_text(what)
  local key = config.values.keys[what]
  return key and key ~= "" and (" %s %s"):format(key, what) or (" :OllamaLs %s"):format(what)
end

local function headline(run)
  local name = ("%s, %s"):format(run.action, run.model)
  if run.outcome then
    local why = ({
      conflict = "the text was edited meanwhile, nothing was changed",
      failed = "broke off",
      shown = "the editor did not take the edit",
    })[run.outcome]
    return ("%s%s:%s,%s"):format(name, why and (": " .. why) or "", key_text("accept"), key_text("reject"))
  end
  local doing = messages[run.id] or (run.thinking ~= "" and "thinking" or "")
  if doing:find(run.model, 1, true) then
    name = run.action -- progress names the model
  end
  return ("%s %s  %s %s"):format(status.spinner(), name, doing, key_text("cancel"))
end

local function virtual_lines(run)
  local text = run.text
  local group = "OllamaLsText"
  if text == "" and run.thinking ~= "" then
    text, group = run.thinking, "OllamaLsThinking"
  end
  if text == "" then
    return {}
  end
  local all = vim.split((text:gsub("\n$", "")), "\n", { plain = true })
  local most = config.values.preview_lines
  local first = math.max(1, #all - most + 1)
  local lines = {}
  if first > 1 then
    table.insert(lines, { { ("… %d lines above"):format(first - 1), "OllamaLsHeader" } })
  end
  local tab = (" "):rep(vim.bo[run.bufnr].tabstop)
  for i = first, #all do
    table.insert(lines, { { (all[i]:gsub("\t", tab)), group } })
  end
  return lines
end

local function clear(run)
  if vim.api.nvim_buf_is_valid(run.bufnr) then
    for _, mark in ipairs({ run.mark, run.header, run.body }) do
      pcall(vim.api.nvim_buf_del_extmark, run.bufnr, namespace, mark)
    end
  end
end

local function draw(run)
  if run.panel then
    return
  end
  local row, _, end_row, end_col = mark_place(run)
  if not row then
    return
  end
  if end_col == 0 and end_row > row then
    end_row = end_row - 1 -- the range ends where the next line begins
  end
  run.header = vim.api.nvim_buf_set_extmark(run.bufnr, namespace, row, 0, {
    id = run.header,
    virt_text = { { " " .. headline(run), "OllamaLsHeader" } },
    virt_text_pos = "eol",
  })
  run.body = vim.api.nvim_buf_set_extmark(run.bufnr, namespace, end_row, 0, {
    id = run.body,
    virt_lines = virtual_lines(run),
  })
end

local function is_at_work(run)
  return run.outcome == nil
end

local function any(condition)
  for _, run in pairs(runs) do
    if condition(run) then
      return true
    end
  end
  return false
end

local function tick()
  for _, run in pairs(runs) do
    if is_at_work(run) then
      draw(run)
    end
  end
end

local function update_timer()
  local is_needed = any(is_at_work)
  if is_needed and not timer then
    timer = uv.new_timer()
    timer:start(0, DRAW_MS, vim.schedule_wrap(tick))
  elseif not is_needed and timer then
    timer:stop()
    timer:close()
    timer = nil
  end
end

local function tell(run)
  pcall(vim.api.nvim_exec_autocmds, "User", {
    pattern = "OllamaLsStream",
    modeline = false,
    data = { id = run.id, outcome = run.outcome },
  })
end

local function forget(run)
  clear(run)
  runs[run.id], messages[run.id] = nil, nil
  if not any(function(other)
    return other.bufnr == run.bufnr
  end) then
    unset_keys(run.bufnr)
  end
  update_timer()
end

-- --- messages ---

local function open_panel(run)
  run.panel = panel.open(run.action, function()
    if runs[run.id] and is_at_work(run) then
      client.execute("cancel", { id = run.id })
    end
  end)
end

local function begin(params)
  local bufnr = vim.uri_to_bufnr(params.uri)
  local run = {
    id = params.id,
    bufnr = bufnr,
    action = params.action,
    model = params.model,
    text = "",
    thinking = "",
  }
  runs[run.id] = run
  if params.action == "explain" or params.output == "show" then
    open_panel(run)
  elseif vim.api.nvim_buf_is_loaded(bufnr) then
    local running = client.get()
    place_mark(run, params.range, running and running.offset_encoding or "utf-16")
  end
  set_keys(bufnr)
  draw(run)
  update_timer()
end

local function finish(run, params)
  run.text, run.outcome, run.error = params.text or run.text, params.outcome, params.error
  if run.panel then
    panel.set(run.panel, run.text)
  end
  local waits = run.text ~= ""
    and not run.panel
    and (run.outcome == "review" or run.outcome == "conflict" or run.outcome == "shown" or run.outcome == "failed")
  if waits then
    draw(run)
  else
    forget(run)
  end
  update_timer()
  tell(run)
end

---$/ollama-ls/stream
function M.on_message(params)
  if params.kind == "begin" then
    begin(params)
    return
  end
  local run = runs[params.id]
  if not run then
    return
  end
  if params.kind == "delta" then
    run.text = run.text .. params.text
    if run.panel then
      panel.append(run.panel, params.text)
    end
  elseif params.kind == "thinking" then
    run.thinking = run.thinking .. params.text
  elseif params.kind == "end" then
    finish(run, params)
  end
end

---$/progress: what it says of a run is shown at its place too.
function M.on_progress(params)
  local id = type(params.token) == "string" and params.token:match("^ollama%-ls/(.+)$")
  local value = params.value
  if not id or type(value) ~= "table" then
    return
  end
  if value.kind == "end" then
    messages[id] = nil
  elseif value.message then
    messages[id] = value.message
  end
end

---The language server has ended.
function M.drop_all()
  for _, run in pairs(runs) do
    forget(run)
  end
end

-- --- what the user does ---

-- The run the user means: the one under the cursor, else the only one in the buffer, else the only one.
local function chosen(condition)
  local bufnr = vim.api.nvim_get_current_buf()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local here, inside, all = {}, {}, {}
  for _, run in pairs(runs) do
    if condition(run) then
      table.insert(all, run)
      if run.bufnr == bufnr or run.panel == bufnr then
        table.insert(here, run)
        local first, _, last = mark_place(run)
        if first and first <= row and row <= last then
          table.insert(inside, run)
        end
      end
    end
  end
  for _, list in ipairs({ inside, here, all }) do
    if #list == 1 then
      return list[1]
    end
  end
  config.notify(#all == 0 and "nothing is waiting here" or "put the cursor on one of them", vim.log.levels.WARN)
end

local function settle(verb)
  local run = chosen(function(candidate)
    return not is_at_work(candidate)
  end)
  if run then
    client.execute(verb, { id = run.id }, function()
      forget(run)
    end)
  end
end

---Put the result that waits into the text.
function M.accept()
  settle("accept")
end

---Drop the result that waits.
function M.reject()
  settle("reject")
end

---Stop what is at work.
function M.cancel()
  local run = chosen(is_at_work)
  if run then
    client.execute("cancel", { id = run.id })
  end
end

---All of them, for tests and for other plugins: { { id, bufnr, action, model, text, outcome }, … }
function M.list()
  local list = {}
  for _, run in pairs(runs) do
    table.insert(list, {
      id = run.id,
      bufnr = run.bufnr,
      action = run.action,
      model = run.model,
      text = run.text,
      outcome = run.outcome,
      message = messages[run.id],
      panel = run.panel,
    })
  end
  return list
end

---A name for a new run.
function M.new_id()
  next_id = next_id + 1
  return ("nvim-%d-%d"):format(vim.fn.getpid(), next_id)
end

return M
