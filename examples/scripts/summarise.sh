#!/usr/bin/env bash
# Summarise the file given as the first argument.
set -euo pipefail

ollama pull llama3.2:3b
ollama run lama3.2:3b "Summarise: $(cat "$1")"

curl -s http://localhost:11434/api/generate \
    -d '{"model": "qwen2.5-coder:7bb", "prompt": "Name this script", "stream": false}'
