# SPDX-License-Identifier: MIT
"""The models a fake server pretends to have, in the shapes of /api/tags, /api/ps and /api/show."""
import hashlib
import re

# Family, parameters, quantisation, context, bytes, capabilities by what the name begins with.
KNOWN = (
    ("llama3.2", "llama", "3.2B", "Q4_K_M", 131072, 2019393189, ("completion", "tools")),
    ("llama3.1", "llama", "8.0B", "Q4_K_M", 131072, 4920753328, ("completion", "tools")),
    ("llama3", "llama", "8.0B", "Q4_0", 8192, 4661224676, ("completion",)),
    ("qwen2.5-coder", "qwen2", "7.6B", "Q4_K_M", 32768, 4683087561,
     ("completion", "tools", "insert")),
    ("qwen3", "qwen3", "8.2B", "Q4_K_M", 40960, 5225388164, ("completion", "tools", "thinking")),
    ("gemma3", "gemma3", "4.3B", "Q4_K_M", 131072, 3338801804, ("completion", "vision")),
    ("llava", "llama", "7.2B", "Q4_0", 32768, 4733363377, ("completion", "vision")),
    ("mistral", "llama", "7.2B", "Q4_0", 32768, 4113301824, ("completion", "tools")),
    ("phi3", "phi3", "3.8B", "Q4_0", 131072, 2176178913, ("completion",)),
    ("nomic-embed-text", "nomic-bert", "137M", "F16", 2048, 274302450, ("embedding",)),
    ("mxbai-embed-large", "bert", "334M", "F16", 512, 669615493, ("embedding",)),
    ("all-minilm", "bert", "23M", "F16", 512, 45960996, ("embedding",)),
)


def full_name(name):
    """The display form Ollama lists: the tag always present, the default registry left out."""
    name = re.sub(r"^registry\.ollama\.ai/", "", name, flags=re.I)
    name = re.sub(r"^library/", "", name, flags=re.I)
    return name if ":" in name.rsplit("/", 1)[-1] else name + ":latest"


class Model:
    """One installed model. Any keyword overrides what the name suggests."""

    def __init__(self, name, **given):
        self.name = full_name(name)
        known = next((row for row in KNOWN if self.name.split("/")[-1].startswith(row[0])),
                     ("", "llama", "7.0B", "Q4_K_M", 8192, 4000000000, ("completion",)))
        self.family = given.pop("family", known[1])
        self.parameters = given.pop("parameters", known[2])
        self.quantization = given.pop("quantization", known[3])
        self.context_length = given.pop("context_length", known[4])
        self.size = given.pop("size", known[5])
        self.capabilities = list(given.pop("capabilities", known[6]))
        self.digest = given.pop("digest", hashlib.sha256(self.name.encode()).hexdigest())
        self.modified_at = given.pop("modified_at", "2026-11-01T09:30:00.123456789+01:00")
        self.remote_host = given.pop("remote_host", None)
        self.remote_model = given.pop("remote_model", None)
        self.parameters_text = given.pop("parameters_text", "")
        self.template = given.pop("template", "{{ .Prompt }}")
        self.says = given.pop("says", ["Hello", " from", " the", " fake", "."])
        self.layers = given.pop("layers", None)
        if given:
            raise TypeError("no such model member: %s" % ", ".join(given))

    @classmethod
    def of(cls, value):
        """From a name, a dictionary or a Model."""
        if isinstance(value, cls):
            return value
        return cls(value) if isinstance(value, str) else cls(**value)

    def matches(self, name):
        return self.name.lower() == full_name(name.strip()).lower()

    def details(self):
        if self.remote_host:
            return {"parent_model": "", "format": "", "family": "", "families": None,
                    "parameter_size": "", "quantization_level": ""}
        return {"parent_model": "", "format": "gguf", "family": self.family,
                "families": [self.family], "parameter_size": self.parameters,
                "quantization_level": self.quantization}

    def tag(self, with_capabilities):
        """The element of /api/tags; newer servers add capabilities and the context length."""
        entry = {"name": self.name, "model": self.name, "modified_at": self.modified_at,
                 "size": self.size, "digest": self.digest, "details": self.details()}
        if self.remote_host:
            entry.update(remote_model=self.remote_model or self.name, remote_host=self.remote_host)
        elif with_capabilities:
            entry["capabilities"] = self.capabilities
            entry["details"]["context_length"] = self.context_length
        return entry

    def running(self, expires_at, context_length):
        """The element of /api/ps."""
        return {"name": self.name, "model": self.name, "size": self.size, "digest": self.digest,
                "details": self.details(), "expires_at": expires_at, "size_vram": self.size // 2,
                "context_length": context_length}

    def show(self):
        """The answer of /api/show."""
        info = {"general.architecture": self.family, "general.file_type": 15,
                "general.parameter_count": 3212749888,
                self.family + ".context_length": self.context_length,
                self.family + ".embedding_length": 3072,
                "tokenizer.ggml.tokens": None}
        answer = {"license": "MIT", "modelfile": "FROM %s\n" % self.name,
                  "template": self.template, "details": self.details(), "model_info": info,
                  "capabilities": self.capabilities, "modified_at": self.modified_at}
        if self.parameters_text:
            answer["parameters"] = self.parameters_text
        if self.remote_host:
            answer.update(remote_model=self.remote_model or self.name,
                          remote_host=self.remote_host)
        return answer
