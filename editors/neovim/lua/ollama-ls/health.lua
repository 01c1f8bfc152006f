-- SPDX-License-Identifier: MIT
-- :checkhealth ollama-ls
local client = require("ollama-ls.client")
local config = require("ollama-ls.config")
local status = require("ollama-ls.status")

local M = {}

-- vim.health came with 0.8 and lost its prefix with 0.9.
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local info = health.info or health.report_info
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

local function check_program()
  local path = client.program()
  if not path then
    fail(("the program %q is not to be found"):format(config.values.cmd[1]), {
      "Build it (scripts/deps build; cmake --preset release; cmake --build --preset release) and install it:"
        .. " cmake --install build-release --prefix ~/.local",
      'or say where it is: require("ollama-ls").setup({ cmd = { "/path/to/ollama-ls", "--stdio" } })',
    })
    return
  end
  local version = vim.trim(vim.fn.system({ path, "--version" }))
  if vim.v.shell_error ~= 0 then
    fail(("%s does not run: %s"):format(path, version))
    return
  end
  ok(("%s: %s"):format(path, (version:match("^[^\n]*"))))
end

local function check_client()
  local running = client.get()
  if not running then
    warn("the language server does not run", { "Open a file, or :OllamaLs restart" })
    return
  end
  ok(("the language server runs as client %d"):format(running.id))
  local now = status.get()
  if not now then
    warn("it has told no status yet")
    return
  end
  local report = now.state == "ok" and ok or warn
  report(("Ollama: %s"):format(now.message))
  for _, server in ipairs(now.servers or {}) do
    info(("%s %s: %s"):format(
      server.name,
      server.url,
      server.reachable
          and ("%d %s, version %s"):format(
            server.models or 0,
            server.models == 1 and "model" or "models",
            server.version or "?"
          )
        or "not reachable"
    ))
  end
end

local function check_editor()
  if not config.has("0.7") then
    fail("Neovim 0.7 or newer is needed")
    return
  end
  if vim.lsp.inline_completion then
    ok("text ahead of the cursor: by vim.lsp.inline_completion")
  else
    info("text ahead of the cursor needs Neovim 0.12")
  end
end

function M.check()
  start("ollama-ls: program")
  check_program()
  start("ollama-ls: language server")
  check_client()
  start("ollama-ls: editor")
  check_editor()
end

return M
