-- SPDX-License-Identifier: MIT
-- The language server: one process for all buffers and folders, started by itself, started anew when it
-- ends unexpectedly, but not for ever.
local config = require("ollama-ls.config")
local uv = vim.uv or vim.loop

local M = {}

local RESTARTS = 4 -- within
local RESTARTS_MS = 3 * 60 * 1000

local buffers = {} -- bufnr -> true: served, or to be served again after a restart
local folders = {} -- of the running server
local ends = {} -- when it ended unexpectedly
local state = { gave_up = false, told_missing = false, stopping = false, id = nil }

-- --- finding it ---

---The path of the program, or nil.
function M.program()
  local path = vim.fn.exepath(config.values.cmd[1])
  return path ~= "" and path or nil
end

local function tell_missing()
  if not state.told_missing then
    state.told_missing = true
    config.notify(
      ("the program %q is not to be found. Install it, or say where it is: "):format(config.values.cmd[1])
        .. 'require("ollama-ls").setup({ cmd = { "/path/to/ollama-ls", "--stdio" } })',
      vim.log.levels.ERROR
    )
  end
end

local function clients()
  if vim.lsp.get_clients then
    return vim.lsp.get_clients({ name = config.NAME })
  end
  return vim.tbl_filter(function(client)
    return client.name == config.NAME
  end, vim.lsp.get_active_clients())
end

local function is_stopped(client)
  return client.is_stopped(config.has("0.11") and client or nil)
end

---The running client, initialised or not, or nil.
function M.get()
  for _, client in ipairs(clients()) do
    if not is_stopped(client) then
      return client
    end
  end
end

-- --- talking to it ---

local function notify(client, method, params)
  if config.has("0.11") then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

local function request(client, method, params, handler)
  if config.has("0.11") then
    client:request(method, params, handler)
  else
    client.request(method, params, handler)
  end
end

---Run a command of the server: `on_result(result)`; an error is shown, with the remedy it names.
function M.execute(verb, argument, on_result, on_error)
  local client = M.get()
  if not client then
    config.notify("the language server does not run; :OllamaLs restart", vim.log.levels.WARN)
    return
  end
  local params = { command = "ollama-ls." .. verb, arguments = argument and { argument } or nil }
  request(client, "workspace/executeCommand", params, function(err, result)
    if err then
      config.notify(err.message or tostring(err), vim.log.levels.ERROR)
      if on_error then
        on_error(err)
      end
    elseif on_result then
      on_result(result)
    end
  end)
end

-- --- starting it ---

---Is this a buffer with a file, or one that may become a file?
function M.wants(bufnr)
  if not vim.api.nvim_buf_is_valid(bufnr) or not vim.api.nvim_buf_is_loaded(bufnr) then
    return false
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.bo[bufnr].buftype == "" and name ~= "" and not name:match("^%a[%w+.-]+://")
end

---The folder around a file that a .git marks, or nil.
function M.root(bufnr)
  local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":p:h")
  local found = vim.fn.finddir(".git", vim.fn.escape(folder, " ,;") .. ";")
  if found == "" then
    found = vim.fn.findfile(".git", vim.fn.escape(folder, " ,;") .. ";") -- a worktree's
  end
  if found == "" then
    return nil
  end
  return vim.fn.fnamemodify(found, ":p"):gsub("/+$", ""):gsub("/%.git$", "")
end

local function add_folder(client, root)
  if not root or folders[root] ~= nil then
    return
  end
  folders[root] = false
  if client and (client.initialized or client.initialized == nil) then
    folders[root] = true
    local folder = { uri = vim.uri_from_fname(root), name = vim.fn.fnamemodify(root, ":t") }
    notify(client, "workspace/didChangeWorkspaceFolders", { event = { added = { folder }, removed = {} } })
    client.workspace_folders = client.workspace_folders or {}
    table.insert(client.workspace_folders, folder)
  end
end

-- Folders that were met while it started.
local function add_late_folders(client)
  for root, is_known in pairs(folders) do
    if not is_known then
      folders[root] = nil
      add_folder(client, root)
    end
  end
end

local function on_exit(code, signal, id)
  vim.schedule(function()
    local was_asked = state.stopping or (code == 0 and signal == 0) or signal == 15
    state.id, folders = nil, {}
    require("ollama-ls.status").set(nil)
    require("ollama-ls.stream").drop_all()
    if was_asked or (vim.v.exiting ~= vim.NIL and vim.v.exiting ~= nil) then
      return
    end
    local now = uv.now()
    table.insert(ends, now)
    ends = vim.tbl_filter(function(time)
      return now - time < RESTARTS_MS
    end, ends)
    local how = signal ~= 0 and ("by signal " .. signal) or ("with code " .. code)
    if #ends > RESTARTS then
      state.gave_up = true
      config.notify(
        ("ended unexpectedly %s, the %dth time in 3 minutes; not started again. "):format(how, #ends)
          .. "See :OllamaLs log, then :OllamaLs restart",
        vim.log.levels.ERROR
      )
      return
    end
    config.notify(("ended unexpectedly (%s), starting it again"):format(how), vim.log.levels.WARN)
    vim.defer_fn(M.start_all, 300)
  end)
end

local handlers = {
  ["$/ollama-ls/status"] = function(_, params)
    require("ollama-ls.status").set(params)
  end,
  ["$/ollama-ls/stream"] = function(_, params)
    require("ollama-ls.stream").on_message(params)
  end,
  ["$/progress"] = function(err, params, ...)
    require("ollama-ls.stream").on_progress(params)
    local own = vim.lsp.handlers["$/progress"]
    if own then
      return own(err, params, ...)
    end
  end,
  -- From setup() alone: what another plugin merges into a client's settings may come from a project's files.
  ["workspace/configuration"] = function(_, params)
    local result = {}
    for _, item in ipairs(params.items or {}) do
      local mine = item.section == "ollama-ls" and not vim.tbl_isempty(config.values.settings)
      table.insert(result, mine and config.values.settings or vim.NIL)
    end
    return result
  end,
}

---What vim.lsp needs to know; also that of lsp/ollama_ls.lua.
function M.lsp_config()
  local options = vim.tbl_extend("force", {}, config.values.settings, {
    status = true,
    stream = true,
    settingsAreUserGrade = true,
  })
  -- Findings change when models do, without an edit. Neovim 0.12, told so by the server, asks for the
  -- workspace's findings and leaves what it shows in open buffers as it was; so they come by push.
  local own = { workspace = { diagnostics = { refreshSupport = false } } }
  local capabilities =
    vim.tbl_deep_extend("force", vim.lsp.protocol.make_client_capabilities(), own, config.values.capabilities or {})
  return {
    name = config.NAME,
    cmd = config.values.cmd,
    init_options = options,
    capabilities = capabilities,
    handlers = handlers,
    flags = { debounce_text_changes = 50 },
    on_init = function(client)
      state.id = client.id
      for _, folder in ipairs(client.workspace_folders or {}) do
        folders[vim.uri_to_fname(folder.uri)] = true
      end
      add_late_folders(client)
    end,
    on_exit = on_exit,
  }
end

---Is it for this buffer to be started? Says so once when it cannot.
function M.can_start(bufnr)
  if state.gave_up or not M.wants(bufnr) then
    return false
  end
  if not M.program() then
    tell_missing()
    return false
  end
  return true
end

local function on_attach(client, bufnr)
  buffers[bufnr] = true
  require("ollama-ls.inline").attach(client, bufnr)
  local values = config.values
  if values.inlay_hints and vim.lsp.inlay_hint and client.server_capabilities.inlayHintProvider then
    vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
  end
  if values.code_lens and vim.lsp.codelens and client.server_capabilities.codeLensProvider then
    if config.has("0.12") then
      vim.lsp.codelens.enable(true, { bufnr = bufnr })
    else
      vim.lsp.codelens.refresh()
    end
  end
  if values.on_attach then
    values.on_attach(client, bufnr)
  end
end
M.on_attach = on_attach

-- vim.lsp.start_client: up to 0.10.
local function start_old(bufnr)
  local client = M.get()
  local root = M.root(bufnr)
  local id = client and client.id or state.id
  if not id then
    local options = M.lsp_config()
    options.root_dir = root
    options.on_attach = on_attach
    id = vim.lsp.start_client(options)
    state.id = id
  else
    add_folder(client, root)
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
end

---For vim.lsp.start, 0.11 and later: one process for all folders.
function M.reuse(client, wanted)
  if client.name ~= config.NAME or is_stopped(client) then
    return false
  end
  add_folder(client.initialized and client or nil, wanted.root_dir)
  return true
end

---Serve a buffer, starting the server if it does not run.
function M.start(bufnr)
  if not M.can_start(bufnr) then
    return
  end
  state.stopping = false
  buffers[bufnr] = true
  if not config.has("0.11") then
    start_old(bufnr)
    return
  end
  local options = vim.tbl_extend("force", vim.lsp.config[config.NAME], { root_dir = M.root(bufnr) })
  vim.lsp.start(options, { bufnr = bufnr, reuse_client = M.reuse })
end

function M.start_all()
  for bufnr in pairs(buffers) do
    if vim.api.nvim_buf_is_valid(bufnr) then
      M.start(bufnr)
    else
      buffers[bufnr] = nil
    end
  end
end

---A buffer with a file was opened, or got its file type.
function M.on_buffer(bufnr)
  if config.values.autostart then
    M.start(bufnr)
  end
end

---The same where vim.lsp.enable starts it, which keeps what is wrong to itself.
function M.check(bufnr)
  if config.values.autostart then
    M.can_start(bufnr)
  end
end

---Stop it; `after` runs once it has ended.
function M.stop(after)
  state.stopping = true
  local client = M.get()
  if not client then
    after()
    return
  end
  if config.has("0.11") then
    client:stop()
  else
    client.stop()
  end
  local tries = 0
  local function wait()
    tries = tries + 1
    if #clients() == 0 then
      after()
    elseif tries == 40 then
      vim.lsp.stop_client(client.id, true)
      vim.defer_fn(after, 200)
    else
      vim.defer_fn(wait, 50)
    end
  end
  vim.defer_fn(wait, 50)
end

---Forget earlier ends and start it anew for all buffers.
function M.restart()
  state.gave_up, state.told_missing, ends = false, false, {}
  M.stop(function()
    for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
      if M.wants(bufnr) then
        buffers[bufnr] = true
      end
    end
    M.start_all()
  end)
end

---Settings have changed: tell a server that runs.
function M.push_settings()
  local client = M.get()
  if client and (client.initialized or client.initialized == nil) then
    local settings = vim.tbl_isempty(config.values.settings) and vim.empty_dict() or config.values.settings
    notify(client, "workspace/didChangeConfiguration", { settings = { ["ollama-ls"] = settings } })
  end
end

return M
