-- SPDX-License-Identifier: MIT
-- The server's state, as $/ollama-ls/status tells it, for statuslines.
local config = require("ollama-ls.config")
local uv = vim.uv or vim.loop

local M = {}

local BUSY = { starting = true, loading = true, busy = true }
local GIB = 1024 * 1024 * 1024

local current = nil
local timer = nil
local frame = 1

local function redraw()
  pcall(vim.cmd, "redrawstatus!")
end

-- The spinner turns only while there is something to wait for.
local function spin(is_busy)
  if is_busy and not timer then
    timer = uv.new_timer()
    timer:start(0, 120, vim.schedule_wrap(function()
      frame = frame % #config.values.icons.spinner + 1
      redraw()
    end))
  elseif not is_busy and timer then
    timer:stop()
    timer:close()
    timer = nil
  end
end

function M.set(status)
  current = status
  spin(status ~= nil and BUSY[status.state] == true)
  redraw()
  pcall(vim.api.nvim_exec_autocmds, "User", { pattern = "OllamaLsStatus", modeline = false })
end

---The last status object, or nil.
function M.get()
  return current
end

---The current picture of the spinner.
function M.spinner()
  return config.values.icons.spinner[frame]
end

---"ok", "loading", …; "off" where the language server does not run.
function M.state()
  return current and current.state or "off"
end

local function running(status)
  local names = {}
  for _, server in ipairs(status.servers or {}) do
    for _, model in ipairs(server.running or {}) do
      local size = tonumber(model.size) or 0
      local shown = size > 0 and (" %.1f GB"):format(size / GIB) or ""
      table.insert(names, model.name .. shown)
    end
  end
  return names
end

local function working(status)
  for _, job in ipairs(status.active or {}) do
    local tokens = (tonumber(job.tokens) or 0) > 0 and (" %d tokens"):format(job.tokens) or ""
    return ("%s %s%s"):format(job.kind, job.model, tokens)
  end
end

---One short line: "● 5 models, llama3.2:3b 2.0 GB". Empty where the language server does not run.
function M.text()
  local status = current
  if not status then
    return ""
  end
  local icons = config.values.icons
  if BUSY[status.state] then
    return M.spinner() .. " " .. (working(status) or status.state)
  end
  if status.state == "ok" then
    local default = (status.servers or {})[1] or {}
    local parts = running(status)
    local count = tonumber(default.models) or 0
    table.insert(parts, 1, ("%d model%s"):format(count, count == 1 and "" or "s"))
    return icons.ok .. " " .. table.concat(parts, ", ")
  end
  return (status.state == "error" and icons.error or icons.warning) .. " " .. status.state
end

---The highlight group that goes with it, nil where all is well.
function M.highlight()
  local state = M.state()
  if state == "unreachable" or state == "stale" then
    return "DiagnosticWarn"
  end
  return state == "error" and "DiagnosticError" or nil
end

return M
