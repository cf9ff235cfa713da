-- Adalang for Neovim 0.7 and newer.
--
-- Load it from your init.lua: `dofile("/where/adalang/is/editors/neovim/init.lua")`, or try it without any other settings:
-- `nvim -u editors/neovim/init.lua page.adal`. What you may want to change stands first.

local settings = {
  command = { "adalang", "server" }, -- a full path works too: { "/project/.venv/bin/adalang", "server" }
  options = { trusted = true, evaluateOnSave = true },
  format_on_save = true,
}
for name, value in pairs(vim.g.adalang or {}) do -- `vim.g.adalang = { … }`, set before this file is loaded, comes first
  settings[name] = value
end

-- Where syntax/adal.vim lies.
vim.opt.runtimepath:append(vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h"))

local group = vim.api.nvim_create_augroup("adalang", { clear = true })

local function on(event, buffer, callback)
  vim.api.nvim_create_autocmd(event, { group = group, buffer = buffer, callback = callback })
end

local function key(buffer, keys, callback, description)
  vim.keymap.set("n", keys, callback, { buffer = buffer, desc = description })
end

local function format(buffer)
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ bufnr = buffer, name = "adalang", timeout_ms = 2000 })
  else -- before 0.8
    vim.lsp.buf.formatting_sync(nil, 2000)
  end
end

-- Lenses: `▶ Run`, `▶ Evaluate`, `✦ Optimize`, and what an eval scored last.
local function keep_lenses_fresh(client, buffer)
  local provides = client.server_capabilities or {}
  if not provides.codeLensProvider then
    return
  end
  local refresh = function()
    vim.lsp.codelens.refresh()
  end
  on({ "BufEnter", "InsertLeave", "BufWritePost" }, buffer, refresh)
  key(buffer, "<leader>ll", vim.lsp.codelens.run, "Run the lens of this line")
  refresh()
end

local function on_attach(client, buffer)
  vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc" -- <C-x><C-o>
  key(buffer, "K", vim.lsp.buf.hover, "Hover")
  key(buffer, "gd", vim.lsp.buf.definition, "Go to definition")
  key(buffer, "gr", vim.lsp.buf.references, "References")
  key(buffer, "<leader>rn", vim.lsp.buf.rename, "Rename")
  key(buffer, "<leader>ca", vim.lsp.buf.code_action, "Quick fixes, and the proposals of optimizations")
  if settings.format_on_save then
    on("BufWritePre", buffer, function()
      format(buffer)
    end)
  end
  keep_lenses_fresh(client, buffer)
end

-- The nearest folder above with adalang.toml, pyproject.toml or .git; else the file's own.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  for _, marker in ipairs({ "adalang.toml", "pyproject.toml", ".git" }) do
    local found = vim.fn.findfile(marker, vim.fn.escape(folder, " ") .. ";")
    found = found ~= "" and found or vim.fn.finddir(marker, vim.fn.escape(folder, " ") .. ";")
    if found ~= "" then
      return vim.fn.fnamemodify(found, ":p"):gsub("/$", ""):match("^(.*)/[^/]*$")
    end
  end
  return folder
end

local function client_settings(buffer)
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  return {
    name = "adalang",
    cmd = settings.command,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    init_options = settings.options,
    on_attach = on_attach,
  }
end

local clients = {} -- by root, for Neovim 0.7 alone

local function start(buffer)
  local wanted = client_settings(buffer)
  if vim.lsp.start then -- 0.8 and newer: one server for all files of a root
    vim.lsp.start(wanted, { bufnr = buffer })
    return
  end
  local id = clients[wanted.root_dir]
  if not (id and vim.lsp.get_client_by_id(id)) then
    id = vim.lsp.start_client(wanted)
    clients[wanted.root_dir] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
end

-- Colours of the grammar, when the parser is installed as README.md says; else those of syntax/adal.vim stay.
local function highlight(buffer)
  if vim.treesitter.start then -- 0.8 and newer
    pcall(vim.treesitter.start, buffer, "adal")
  end
end

vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  group = group,
  pattern = "*.adal",
  callback = function(event)
    vim.api.nvim_buf_call(event.buf, function()
      vim.bo.filetype = "adal"
    end)
  end,
})

vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = "adal",
  callback = function(event)
    vim.bo[event.buf].commentstring = "# %s"
    vim.bo[event.buf].shiftwidth = 2
    vim.bo[event.buf].expandtab = true
    highlight(event.buf)
    start(event.buf)
  end,
})

-- Commands with the names that the server's lenses have, for files without a lens on the line:
-- `:Adalang run classify`, `:Adalang evaluate routing`, `:Adalang optimize routing`, `:Adalang cancel`.
vim.api.nvim_create_user_command("Adalang", function(given)
  local verb, name = given.fargs[1], given.fargs[2]
  local arguments = verb == "cancel" and {} or { vim.uri_from_bufnr(0), name }
  vim.lsp.buf_request(0, "workspace/executeCommand", {
    command = "adalang.server." .. verb,
    arguments = arguments,
  }, function(problem)
    if problem then
      vim.notify(problem.message, vim.log.levels.ERROR)
    end
  end)
end, {
  nargs = "+",
  complete = function()
    return { "run", "evaluate", "optimize", "cancel" }
  end,
})
