-- SPDX-License-Identifier: MIT
-- :OllamaLs and its completion. The work is done by the server's commands.
local actions = require("ollama-ls.actions")
local client = require("ollama-ls.client")
local config = require("ollama-ls.config")
local panel = require("ollama-ls.panel")
local stream = require("ollama-ls.stream")

local M = {}

local ROLES = { "chat", "autocomplete", "embed" }
local GIB = 1024 * 1024 * 1024

-- --- models, to choose from ---

local known = {} -- names for completion, which can't wait

-- on_models({ { name, size, parameters, …, server, running }, … })
local function models(on_models)
  client.execute("models", nil, function(result)
    local list = {}
    for _, server in ipairs(result.servers or {}) do
      for _, model in ipairs(server.models or {}) do
        model.server = server
        table.insert(list, model)
      end
    end
    known = vim.tbl_map(function(model)
      return model.name
    end, list)
    on_models(list)
  end)
end

local function describe(model)
  local parts = { model.name }
  for _, part in ipairs({ model.parameters or "", model.quantization or "" }) do
    if part ~= "" then
      table.insert(parts, part)
    end
  end
  if model.size and model.size > 0 then
    table.insert(parts, ("%.1f GB"):format(model.size / GIB))
  end
  if model.running then
    table.insert(parts, "loaded")
  end
  if model.remote then
    table.insert(parts, "remote: text leaves this machine")
  end
  return table.concat(parts, " · ")
end

-- The name that was given, or the user's choice among those that `condition` lets through.
local function with_model(name, prompt, condition, on_model)
  if name then
    on_model({ model = name })
    return
  end
  models(function(list)
    list = vim.tbl_filter(condition or function()
      return true
    end, list)
    if #list == 0 then
      config.notify("there is no such model", vim.log.levels.WARN)
      return
    end
    vim.ui.select(list, { prompt = prompt, format_item = describe, kind = "ollama-ls.model" }, function(model)
      if model then
        local host = #list > 0 and model.server.name ~= "default" and model.server.url or nil
        on_model({ model = model.name, host = host })
      end
    end)
  end)
end

local function on_model(verb, prompt, condition)
  return function(arguments)
    with_model(arguments[1], prompt, condition, function(argument)
      client.execute(verb, argument)
    end)
  end
end

local function is_running(model)
  return model.running ~= nil
end

-- --- the subcommands ---

local function select_model(arguments)
  local function choose(role)
    with_model(arguments[2], ("Model for %s: "):format(role), function(model)
      local wanted = ({ embed = "embedding", autocomplete = "insert" })[role]
      local capabilities = model.capabilities or {}
      return not wanted or #capabilities == 0 or vim.tbl_contains(capabilities, wanted)
    end, function(argument)
      client.execute("selectModel", { model = argument.model, role = role }, function()
        config.notify(("%s is now the model for %s"):format(argument.model, role))
      end)
    end)
  end
  if arguments[1] then
    choose(arguments[1])
    return
  end
  vim.ui.select(ROLES, { prompt = "Choose the model for: " }, function(role)
    if role then
      choose(role)
    end
  end)
end

local function pull(arguments)
  if arguments[1] then
    client.execute("pull", { model = arguments[1] })
    return
  end
  vim.ui.input({ prompt = "Pull: ", completion = "customlist,v:lua.OllamaLsPullable" }, function(name)
    if name and name ~= "" then
      client.execute("pull", { model = vim.trim(name) })
    end
  end)
end

local function ai(arguments, context)
  local action = arguments[1]
  local lines = context.range > 0 and { context.line1, context.line2 } or nil
  if not action then
    vim.lsp.buf.code_action({ context = { only = { "refactor.rewrite.ollama-ls", "ollama-ls.explain" } } })
    return
  end
  local instruction = table.concat(arguments, " ", 2)
  actions.run(action, {
    lines = lines,
    instruction = instruction ~= "" and instruction or nil,
    review = context.bang or nil,
  })
end

local function show_metrics()
  client.execute("metrics", nil, function(result)
    local lines = { "# What models did", "" }
    for _, server in ipairs(result.servers or {}) do
      for _, model in ipairs(server.models or {}) do
        table.insert(lines, ("## %s on %s"):format(model.name or "", server.url or ""))
        table.insert(lines, "")
        local names = vim.tbl_keys(model)
        table.sort(names)
        for _, name in ipairs(names) do
          if type(model[name]) == "number" then
            table.insert(lines, ("- %s: %s"):format(name, model[name]))
          end
        end
        table.insert(lines, "")
      end
    end
    if #lines == 2 then
      lines = { "# What models did", "", "Nothing yet." }
    end
    panel.set(panel.open("metrics"), table.concat(lines, "\n"))
  end)
end

local subcommands = {
  status = function()
    client.execute("status", { show = true })
  end,
  refresh = function()
    client.execute("refresh")
  end,
  pull = pull,
  load = on_model("load", "Load: "),
  unload = on_model("unload", "Unload: ", is_running),
  delete = on_model("delete", "Delete: "),
  select = select_model,
  ai = ai,
  accept = stream.accept,
  reject = stream.reject,
  cancel = stream.cancel,
  metrics = show_metrics,
  log = function()
    vim.cmd("tabnew " .. vim.fn.fnameescape(vim.lsp.get_log_path()))
  end,
  start = function()
    client.execute("startServer")
  end,
  restart = client.restart,
}

function M.run(context)
  local arguments = vim.deepcopy(context.fargs)
  local name = table.remove(arguments, 1) or "status"
  local subcommand = subcommands[name]
  if subcommand then
    subcommand(arguments, context)
  else
    config.notify(("there is no :OllamaLs %s"):format(name), vim.log.levels.ERROR)
  end
end

-- --- completion ---

local wanted = {} -- models that files of the workspace name

local function refresh_names()
  if client.get() then
    models(function() end)
    client.execute("workspaceModels", nil, function(result)
      wanted = vim.tbl_map(function(model)
        return model.name
      end, result.models or {})
    end)
  end
end

local function pullable()
  return vim.tbl_filter(function(name)
    return not vim.tbl_contains(known, name)
  end, wanted)
end

local function starting_with(list, lead)
  local found = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, list)
  table.sort(found)
  return found
end

---Models that the workspace names and that are not installed: for vim.ui.input.
function _G.OllamaLsPullable(lead)
  return starting_with(pullable(), lead)
end

function M.complete(lead, line)
  local words = vim.split(vim.trim(line:sub(1, #line - #lead)), "%s+")
  local name = words[2]
  if not name then
    refresh_names() -- they have come when the next word is completed
    return starting_with(vim.tbl_keys(subcommands), lead)
  end
  if name == "ai" and #words == 2 then
    return starting_with(actions.names(), lead)
  end
  if name == "select" and #words == 2 then
    return starting_with(ROLES, lead)
  end
  if name == "pull" then
    return starting_with(pullable(), lead)
  end
  if name == "load" or name == "unload" or name == "delete" or name == "select" then
    return starting_with(known, lead)
  end
  return {}
end

return M
