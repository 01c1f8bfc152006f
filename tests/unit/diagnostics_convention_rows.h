// SPDX-License-Identifier: MIT
//
// Included by diagnostics_convention.c only: files as tools write them, and the references in them.

static const struct row sibling_rows[] = {
    {"a.yaml", "vision: {provider: ollama, model: gemma3:4b, fallback_model: llava:7b}\n",
     "model gemma3:4b vision [provider beside model]\nmodel llava:7b vision [provider beside model]\n"},
    {"a.json", "{\"provider\": {\"name\":\"ollama\",\"base_url\":\"http://127.0.0.1:11434\",\"model\":\"llama3.1:8b\"}}",
     "host http://127.0.0.1:11434 [provider beside model]\n"
     "model llama3.1:8b any @beside(http://127.0.0.1:11434) [provider beside model]\n"},
    {"a.yaml", "name: ollama\nmodel: x\n", ""}, // the name alone is weak
    {"a.yaml", "provider: ollama\nmodels:\n  qwen3:8b: {a: {b: 1}}\n  fast: {}\n",
     "model qwen3:8b any [provider beside model]\nmodel fast any quiet [provider beside model]\n"},
    {"a.yaml", "provider: ollama\nmodels: [a, {id: b}, {name: c, provider: openai}, {model: d}]\n",
     "model a any [provider beside model]\nmodel b any [provider beside model]\nmodel d any [provider beside model]\n"},
    {"a.yaml", "provider:\n  type: io.kestra.plugin.ai.provider.Ollama\n  modelName: llama3\n  endpoint: http://h:1\n",
     "model llama3 any @beside(http://h:1) [provider beside model]\nhost http://h:1 [provider beside model]\n"},
    {"a.yaml", "base_url: http://localhost:11434/v1\nprovider: openai\nmodel: llama3\n",
     "host http://localhost:11434/v1 [provider beside model]\n"
     "model llama3 any @beside(http://localhost:11434/v1) [provider beside model]\n"},
    {"a.yaml", "base_url: http://localhost:1234/v1\nprovider: openai\nmodel: llama3 # not ollama\n", ""},
    {"mem0.yaml", "llm:\n  provider: ollama\n  config:\n    model: a\n    ollama_base_url: http://h:11434\n"
                  "embedder: {provider: ollama, config: {model: b}}\n",
     "model a chat @beside(http://h:11434) [provider beside model]\nhost http://h:11434 [provider beside model]\n"
     "model b embed [provider beside model]\n"},
    {"a.toml", "[llm]\nprovider = \"Ollama\"\nmodel-name = \"a\"\napi_base = \"h:1\"\n[llm.options]\nnum_ctx = 4096\n",
     "model a chat @beside(h:1) [provider beside model]\nhost h:1 [provider beside model]\nnumber 4096 [provider beside model]\n"},
    {"a.yaml", "x: &x {provider: ollama, base_url: \"http://g:11434\"}\nchat: {<<: *x, model: phi3}\n",
     "host http://g:11434 [provider beside model]\nmodel phi3 chat @beside(http://g:11434) [provider beside model]\n"},
    {"settings.yaml", "ollama:\n  llm_model: a\n  embedding_model: b\n  api_base: http://h:11434\n",
     "model a chat @beside(http://h:11434) [private-gpt]\nmodel b embed @beside(http://h:11434) [private-gpt]\n"
     "host http://h:11434 no-v1 [private-gpt]\n"},
    {"a.yaml", "llm:\n  provider: ollama\n  model: \nnext: 1\n", "model  chat empty [provider beside model]\n"},
    {"a.yaml", "provider: ollama\nmodel: ${M:-llama3}\nname: ${X}\n", "model llama3 any [provider beside model]\n"},
    {"a.yaml", "provider: ollama\nmodel: ${M}\n", "model ${M} any hole [provider beside model]\n"},
    {"a.json", "{\"provider\": \"ollama\", \"model\": \"ll\\u0061ma3\"}", "model llama3 any [provider beside model]\n"},
    {"a.yaml", "agent: {llm: ollama/llama3}\nb: {model: 'ollama:gpt-oss:20b'}\nc: {models: [ollama/a, openai/b]}\n",
     "model llama3 prefix(ollama/) any [provider prefix]\nmodel gpt-oss:20b prefix(ollama:) any [provider prefix]\n"
     "model a prefix(ollama/) any [provider prefix]\n"},
};

static const struct row tool_rows[] = {
    {".continue/config.yaml",
     "name: x\nschema: v1\nmodels:\n"
     "  - {name: A, provider: ollama, model: llama3.1-8b, apiBase: http://g:11434, roles: [chat, edit]}\n"
     "  - {name: B, provider: ollama, model: b, roles: [autocomplete]}\n"
     "  - {name: C, provider: ollama, model: c, roles: [embed]}\n"
     "  - {name: D, provider: ollama, model: d, capabilities: [tool_use]}\n"
     "  - {name: E, provider: ollama, model: AUTODETECT}\n"
     "  - {name: F, provider: ollama, model: ollama/llama3.1-8b}\n"
     "  - {name: G, provider: openai, model: gpt-4o}\n"
     "  - uses: ollama/llama3.1-8b\n",
     "model llama3.1:8b chat @beside(http://g:11434) [Continue]\nhost http://g:11434 no-v1 [Continue]\n"
     "model b autocomplete [Continue]\nmodel c embed [Continue]\nmodel d tools [Continue]\n"
     "model AUTODETECT chat hole [Continue]\nmodel llama3.1:8b prefix(ollama/) chat wants() [Continue]\n"},
    {"x/config.json",
     "{\"models\":[{\"provider\":\"ollama\",\"model\":\"a\"}],\"tabAutocompleteModel\":[{\"provider\":\"ollama\",\"model\":\"b\"}],"
     "\"embeddingsProvider\":{\"provider\":\"ollama\",\"model\":\"c\"}}",
     "model a chat [Continue]\nmodel b autocomplete [Continue]\nmodel c embed [Continue]\n"},
    {".aider.conf.yml",
     "model: ollama_chat/a:1\nweak-model: ollama/b\neditor-model: llama3.1:8b\nalias:\n  - \"fast:ollama_chat/c\"\n  - \"s:sonnet\"\n"
     "set-env:\n  - OLLAMA_API_BASE=http://g:11434\n",
     "model a:1 prefix(ollama_chat/) chat @file(http://g:11434) [aider]\n"
     "model b prefix(ollama/) chat wants(ollama_chat/) @file(http://g:11434) [aider]\n"
     "model llama3.1:8b chat wants(ollama_chat/) @file(http://g:11434) [aider]\n"
     "model c prefix(ollama_chat/) chat @file(http://g:11434) [aider]\n"
     "host http://g:11434 [Ollama variable]\n"},
    {".aider.conf.yml", "model: sonnet\nweak-model: gpt-4o\neditor-model: deepseek/deepseek-chat\n", ""},
    {".aider.model.settings.yml", "- name: ollama_chat/a\n  extra_params:\n    num_ctx: 8192\n- name: gpt-4o\n",
     "model a prefix(ollama_chat/) chat [aider]\nnumber 8192 [aider]\n"},
    {".aider.model.metadata.json", "{\"ollama/a\": {\"max_tokens\": 1}, \"gpt-4o\": {}}",
     "model a prefix(ollama/) chat [aider]\n"},
    {"litellm.yaml",
     "model_list:\n- model_name: ollama/alias\n  litellm_params: {model: ollama_chat/a, api_base: http://g:11434}\n"
     "- model_name: e\n  litellm_params: {model: ollama/b}\n  model_info: {mode: embedding}\n"
     "- model_name: o\n  litellm_params: {model: openai/c, api_base: \"http://g:11434/v1\"}\n"
     "- model_name: p\n  litellm_params: {model: llama3.2:3b, api_base: \"http://g:11434\"}\n"
     "- model_name: q\n  litellm_params: {model: openai/gpt-4o}\n"
     "router_settings:\n  fallbacks: [{e: [ollama/alias]}]\n",
     "model a prefix(ollama_chat/) chat @beside(http://g:11434) [LiteLLM]\nhost http://g:11434 no-v1 [LiteLLM]\n"
     "model b prefix(ollama/) embed [LiteLLM]\n"
     "model c prefix(openai/) chat @beside(http://g:11434/v1) [LiteLLM]\nhost http://g:11434/v1 [LiteLLM]\n"
     "model llama3.2:3b chat wants(ollama_chat/) @beside(http://g:11434) [LiteLLM]\nhost http://g:11434 [LiteLLM]\n"},
    {"opencode.json",
     "{\"provider\":{\"ollama\":{\"options\":{\"baseURL\":\"http://localhost:11434/v1\"},\"models\":{\"a:1\":{}}},"
     "\"box\":{\"options\":{\"baseURL\":\"http://box:11434/v1\"},\"models\":{\"b\":{}}},"
     "\"lm\":{\"options\":{\"baseURL\":\"http://localhost:1234/v1\"},\"models\":{\"c\":{}}}},"
     "\"model\":\"box/b\",\"small_model\":\"ollama/a\",\"agent\":{\"x\":{\"model\":\"lm/c\"}}}",
     "host http://localhost:11434/v1 v1 [OpenCode]\nmodel a:1 tools @provider(http://localhost:11434/v1) [OpenCode]\n"
     "host http://box:11434/v1 v1 [OpenCode]\nmodel b tools @provider(http://box:11434/v1) [OpenCode]\n"
     "model b prefix(box/) tools @provider(http://box:11434/v1) [OpenCode]\n"
     "model a prefix(ollama/) tools @provider(http://localhost:11434/v1) [OpenCode]\n"},
    {".zed/settings.json",
     "{// c\n\"language_models\":{\"ollama\":{\"api_url\":\"http://g:11434\",\"available_models\":[{\"name\":\"a\"},]}},"
     "\"agent\":{\"default_model\":{\"provider\":\"ollama\",\"model\":\"b\"},\"inline_assistant_model\":{\"provider\":\"openai\",\"model\":\"c\"}},"
     "\"edit_predictions\":{\"provider\":\"ollama\",\"ollama\":{\"model\":\"d\"}},}",
     "host http://g:11434 no-v1 [Zed]\nmodel a chat @provider(http://g:11434) [Zed]\n"
     "model b chat @provider(http://g:11434) [Zed]\nmodel d autocomplete @provider(http://g:11434) [Zed]\n"},
    {".codex/config.toml",
     "model = \"a\"\nmodel_provider = \"box\"\n[model_providers.box]\nbase_url = \"http://g:11434/v1\"\n"
     "[profiles.p]\nmodel = \"gpt-5\"\nmodel_provider = \"openai\"\n[profiles.q]\nmodel = \"b\"\n",
     "model a tools @provider(http://g:11434/v1) [Codex]\nhost http://g:11434/v1 v1 [Codex]\n"
     "model b tools @provider(http://g:11434/v1) [Codex]\n"},
    {".codex/config.toml", "model = \"a\"\nmodel_provider = \"oss\"\n", "model a tools [Codex]\n"},
    {".claude/settings.json", "{\"model\":\"a\",\"env\":{\"ANTHROPIC_BASE_URL\":\"http://localhost:11434\",\"ANTHROPIC_DEFAULT_HAIKU_MODEL\":\"b\"}}",
     "model a tools @provider(http://localhost:11434) [Claude Code]\nhost http://localhost:11434 no-v1 [Claude Code]\n"
     "model b tools @file(http://localhost:11434) [Claude Code]\n"},
    {"config.json",
     "{\"Providers\":[{\"name\":\"ollama\",\"api_base_url\":\"http://h:11434/v1/chat/completions\",\"models\":[\"a\"]},"
     "{\"name\":\"x\",\"api_base_url\":\"https://x/v1\",\"models\":[\"b\"]}],\"Router\":{\"default\":\"ollama,a\",\"think\":\"x,b\"}}",
     "host http://h:11434/v1/chat/completions [claude-code-router]\n"
     "model a tools @beside(http://h:11434/v1/chat/completions) [claude-code-router]\n"
     "model a prefix(ollama,) tools @provider(http://h:11434/v1/chat/completions) [claude-code-router]\n"},
    {"librechat.yaml",
     "endpoints:\n  custom:\n    - name: Ollama\n      baseURL: http://h:11434/v1/\n      models: {default: [a, current_model], fetch: true}\n"
     "      titleModel: current_model\n    - name: groq\n      models: {default: [c]}\n",
     "host http://h:11434/v1/ v1 [LibreChat]\nmodel a chat pulls @provider(http://h:11434/v1/) [LibreChat]\n"
     "model current_model chat pulls hole @provider(http://h:11434/v1/) [LibreChat]\n"
     "model current_model chat hole @beside(http://h:11434/v1/) [LibreChat]\n"},
    {"promptfooconfig.yaml", "prompts: [x]\nproviders:\n - ollama:chat:a:1\n - id: ollama:embeddings:b\n - ollama:c\n - openai:gpt-4o\n",
     "model a:1 prefix(ollama:chat:) chat [promptfoo]\nmodel b prefix(ollama:embeddings:) embed [promptfoo]\n"
     "model c prefix(ollama:) completion [promptfoo]\n"},
    {"flow.json",
     "{\"nodes\":[{\"type\":\"@n8n/n8n-nodes-langchain.lmChatOllama\",\"parameters\":{\"model\":\"=a\"}},"
     "{\"type\":\"@n8n/n8n-nodes-langchain.embeddingsOllama\",\"parameters\":{\"model\":\"b\"}}],\"connections\":{}}",
     "model =a chat hole [n8n]\nmodel b embed [n8n]\n"},
    {"values.yaml", "ollama:\n  models:\n    pull: [a]\n    run:\n      - b\n    create:\n      - name: c\n",
     "model a any pulls [ollama-helm]\nmodel b any pulls [ollama-helm]\nmodel c any new [ollama-helm]\n"},
    {"run.yaml",
     "providers:\n  inference:\n  - provider_id: o\n    provider_type: remote::ollama\n    config: {url: \"${env.OLLAMA_URL:=http://localhost:11434}\"}\n"
     "models:\n- {model_id: meta-llama/Llama-3, provider_id: o, provider_model_id: a}\n- {model_id: x, provider_id: vllm, provider_model_id: y}\n",
     "host http://localhost:11434 [llama-stack]\nmodel a chat @provider(http://localhost:11434) [llama-stack]\n"},
    {"application.yml",
     "spring:\n  ai:\n    ollama:\n      base-url: http://h:11434\n      init: {pull-model-strategy: when_missing}\n"
     "      chat: {options: {model: a}}\n      embedding: {model: b}\n",
     "host http://h:11434 no-v1 [Spring AI]\nmodel a chat pulls @provider(http://h:11434) [Spring AI]\n"
     "model b embed pulls @provider(http://h:11434) [Spring AI]\n"},
    {".vscode/settings.json", "{\"llm.backend\":\"huggingface\",\"llm.modelId\":\"x/y\",\"opilot.completionModel\":\"a\",\"z\":\"ollama\"}",
     "model a autocomplete [VS Code]\n"},
    {".vscode/settings.json", "{\"llm.backend\":\"ollama\",\"llm.modelId\":\"a\",\"llm.url\":\"http://h:11434\"}",
     "model a autocomplete @beside(http://h:11434) [VS Code]\nhost http://h:11434 [VS Code]\n"},
    {"crush.json", "{\"providers\":{\"o\":{\"type\":\"ollama\",\"base_url\":\"http://h:11434\",\"models\":[{\"id\":\"a\"}]}},"
                   "\"models\":{\"large\":{\"provider\":\"o\",\"model\":\"a\"},\"small\":{\"provider\":\"x\",\"model\":\"b\"}}}",
     "host http://h:11434 [Crush]\nmodel a tools @provider(http://h:11434) [Crush]\nmodel a tools @provider(http://h:11434) [Crush]\n"},
    {"config.yaml", "GOOSE_PROVIDER: ollama\nGOOSE_MODEL: a\nOLLAMA_HOST: h\n",
     "model a tools @file(h) [Goose]\nvariable OLLAMA_HOST [Ollama's variables]\nhost h listen [Ollama's variables]\n"},
    {"package.json", "{\"scripts\":{\"pull\":\"ollama pull a && ollama run b\"},\"dependencies\":{\"ollama\":\"^0.5\"}}",
     "model a any installs [command line]\nmodel b any pulls [command line]\n"},
    {".github/workflows/x.yml", "jobs:\n  j:\n    env: {OLLAMA_MODEL: a}\n    steps:\n      - uses: ollama/setup@v1\n        with: {model: b}\n"
                                "      - run: |\n          ollama pull c\n",
     "model a any [Ollama variable]\nmodel b any quiet [GitHub action]\nmodel c any installs [command line]\n"},
};

static const struct row variable_rows[] = {
    {".env", "OLLAMA_HOST=http://g:11434\nOLLAMA_MODEL=a\nOLLAMA_EMBED_MODEL=b\nOLLAMA_MODELS=/x\n",
     "variable OLLAMA_HOST [Ollama's variables]\nhost http://g:11434 listen [Ollama's variables]\n"
     "model a any @file(http://g:11434) [Ollama variable]\nmodel b embed @file(http://g:11434) [Ollama variable]\n"
     "variable OLLAMA_MODELS [Ollama's variables]\nvalue /x [Ollama's variables]\n"},
    {".env", "APP_OLLAMA_TEXT_MODEL=a\nNEXUS_LLM__DEFAULT_MODEL=ollama/b\nX_MODEL=gpt-4o\nEXPERT_OLLAMA_BASE_URL=http://e:1\n",
     "model a any @file(http://e:1) [Ollama variable]\nmodel b prefix(ollama/) any @file(http://e:1) [Ollama variable]\n"
     "host http://e:1 [Ollama variable]\n"},
    {".env", "RAG_EMBEDDING_MODEL=sentence-transformers/all-MiniLM-L6-v2\nOLLAMA_BASE_URL=/ollama\n",
     "host /ollama hole [Ollama variable]\n"},
    {".env", "RAG_EMBEDDING_ENGINE=ollama\nRAG_EMBEDDING_MODEL=b\nRAG_OLLAMA_BASE_URL=http://h:11434\n",
     "model b embed @file(http://h:11434) [Open WebUI]\nhost http://h:11434 no-v1 [Open WebUI]\n"},
    {".env", "OLLAMA_BASE_URLS=http://a:11434;http://b:11434\nDEFAULT_MODELS=x,y\n",
     "host http://a:11434 no-v1 [Open WebUI]\nhost http://b:11434 no-v1 [Open WebUI]\n"
     "model x chat [Open WebUI]\nmodel y chat [Open WebUI]\n"},
    {".env", "FUTURNAL_PRODUCTION_LLM=llama31\nFUTURNAL_LLM_BACKEND=ollama\n", ""},
    {".env", "LLM_CHAT_API_URL=ollama://a:1@g:11435\nLLM_FACTS_API_URL=http://localhost:11434/v1\nLLM_EMOTION_API_URL=mlx://b\n",
     "model a:1 prefix(ollama://) chat @beside(g:11435) [WhisperEngine]\nhost g:11435 [WhisperEngine]\n"
     "host http://localhost:11434/v1 v1 [WhisperEngine]\n"},
    {".env", "LLM_PROVIDER=ollama\nLLM_MODEL=a\nEMBEDDING_MODEL=b\n",
     "model a chat [provider beside model]\nmodel b embed [provider beside model]\n"},
    {".env", "LLM_PROVIDER=ollama\nEMBEDDING_PROVIDER=openai\nLLM_MODEL=a\nEMBEDDING_MODEL=text-embedding-3-small\n",
     "model a chat [provider beside model]\n"},
    {".env", "LLM_PROVIDER=openai\nLLM_MODEL=gpt-4o\nNOTE=ollama\n", ""},
    {".env", "ANTHROPIC_BASE_URL=https://api.anthropic.com\nANTHROPIC_MODEL=claude\n# ollama\n", ""},
    {".env", "OPENAI_BASE_URL=http://localhost:11434/v1\nOPENAI_MODEL=a\n",
     "host http://localhost:11434/v1 v1 [OpenAI client]\nmodel a chat @file(http://localhost:11434/v1) [OpenAI client]\n"},
    {".env", "OLLAMA_URL=http://h:11434\nINFERENCE_MODEL=meta-llama/Llama-3.2-3B-Instruct\n", "host http://h:11434 [Ollama variable]\n"},
    {".env.example", "OLLAMA_MODEL=your-model\nOLLAMA_KEEP_ALIV=5m\n",
     "model your-model any hole example [Ollama variable]\nvariable OLLAMA_KEEP_ALIV example [environment file]\n"},
    {".env", "<<<<<<< HEAD\nOLLAMA_MODEL=a\n=======\nOLLAMA_MODEL=b\n>>>>>>> x\n",
     "model a any [Ollama variable]\nmodel b any [Ollama variable]\n"},
};

static const struct row container_rows[] = {
    {"compose.yaml",
     "services:\n  ollama:\n    image: ollama/ollama:0.12\n    ports: [\"11435:11434\"]\n    command: [pull, a]\n"
     "  init: {image: \"ollama/ollama:rocm\", entrypoint: [\"/bin/sh\", \"-c\", \"ollama pull b\"]}\n"
     "  app:\n    image: x\n    environment:\n      - OLLAMA_BASE_URL=http://ollama:11434\n      - OLLAMA_MODEL=${M:-c}\n",
     "model a any installs @file(http://ollama:11434, container) [command line]\n"
     "model b any installs @file(http://ollama:11434, container) [command line]\n"
     "host http://ollama:11434 container port(11435) [Ollama variable]\n"
     "model c any @file(http://ollama:11434, container) [Ollama variable]\n"},
    {"k.yaml",
     "apiVersion: v1\nkind: Service\nmetadata: {name: llm}\n---\napiVersion: apps/v1\nkind: Deployment\nspec:\n  containers:\n"
     "  - name: ollama\n    image: ollama/ollama:latest\n    command: [ollama]\n    args: [pull, a]\n"
     "    env:\n    - {name: OLLAMA_MODEL, value: b}\n    - {name: OLLAMA_URL, value: \"http://llm:11434\"}\n"
     "    - {name: OLLAMA_API_BASE, valueFrom: {x: y}}\n",
     "model a any installs @file(http://llm:11434, container) [command line]\n"
     "model b any @file(http://llm:11434, container) [Ollama variable]\nhost http://llm:11434 container [Ollama variable]\n"},
    {"cm.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  OLLAMA_MODEL: a\n", "model a any [Ollama variable]\n"},
    {"a.yaml", "provider: ollama\nmodel: a\nbase_url: http://host.docker.internal:11434\n",
     "model a any @beside(http://host.docker.internal:11434, container) [provider beside model]\n"
     "host http://host.docker.internal:11434 container [provider beside model]\n"},
    {"a.yaml", "provider: ollama\nmodel: a\nbase_url: http://ollama:11434 # no file of containers\n",
     "model a any @beside(http://ollama:11434) [provider beside model]\nhost http://ollama:11434 [provider beside model]\n"},
};

static const struct row namel3ss_rows[] = {
    {"a.ai",
     "ai model h {\n  provider: ollama # c\n  model: llama3:8b\n  config: { base_url: http://g:11434, num_ctx: 4096 }\n}\n",
     "model llama3:8b chat pulls @beside(http://g:11434) [namel3ss]\nhost http://g:11434 [namel3ss]\nnumber 4096 [namel3ss]\n"},
    {"a.ai", "llm \"x\" { provider: \"ollama\"  model: \"llama2\" }\n", "model llama2 chat pulls [namel3ss]\n"},
    {"a.ai", "ai \"a\":\n  provider is \"ollama\"\n  model is \"b\"\nai \"c\":\n  provider is \"openai\"\n  model is \"d\"\n",
     "model b chat pulls [namel3ss]\n"},
    {"a.ai", "model_provider be \"ollama\"\nmodel be \"a\"\n", "model a chat pulls [namel3ss]\n"},
    {"a.ai", "ai model h { provider: ollama model: a config: { auto_pull_model: false } deployment_config: { host: g, port: 11435 } }\n",
     "model a chat @beside(g:11435) [namel3ss]\nhost g:11435 name [namel3ss]\n"},
    {"a.ai", "ai model v { provider: vllm model: meta-llama/Llama-3 }\n# ollama\n", ""},
    {"a.ai", "%PDF-1.4 ollama model: x provider: ollama\n", ""},
};

static const struct row trap_rows[] = {
    {"Dockerfile", "FROM ollama/ollama:latest\n", ""},
    {"a.yaml", "repo: https://github.com/ollama/ollama\nuses: owner/ollama-action@v1\nimage: ollama/ollama:0.12\n", ""},
    {"package.json", "{\"dependencies\":{\"ollama\":\"1\",\"ollama-ai-provider\":\"1\"}}", ""},
    {"config.yaml", "name: other\nmodels: [x]\nport: 11434\n", ""},
    {"settings.json", "{\"model\":\"x\",\"note\":\"ollama\"}", ""},
    {"config.toml", "model = \"x\"\n# ollama\n", ""},
    {"a.yaml", "llms:\n- {provider: vllm, model: meta-llama/Llama-3}\n- {provider: lmstudio, base_url: \"http://localhost:1234/v1\", model: q}\n- {note: ollama}\n", ""},
    {"fw.yaml", "rules:\n- {port: 11434, proto: tcp}\nports: [11434]\nhealthcheck: {test: [CMD, curl, \"http://localhost:11434\"]}\n", ""},
    {"ha.yaml", "conversation:\n  agent_id: conversation.ollama_conversation\n  model: x\n", ""},
    {"compose.yaml", "services:\n  a: {image: x, provider: {type: model, options: {model: ai/smollm2}}}\nmodels: {llm: {model: ai/llama3}}\n# ollama\n", ""},
    {"mods.yml", "default-api: ollama\napis:\n  ollama:\n    base-url: http://h:11434/api\n    models:\n      a:1: {aliases: [ollama/x]}\n",
     "host http://h:11434/api [mods]\nmodel a:1 chat @provider(http://h:11434/api) [mods]\n"},
};
