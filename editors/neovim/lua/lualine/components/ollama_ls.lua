-- SPDX-License-Identifier: MIT
-- lualine: sections = { lualine_x = { "ollama_ls" } }
local component = require("lualine.component"):extend()

function component:update_status()
  return (require("ollama-ls.status").text():gsub("%%", "%%%%"))
end

return component
