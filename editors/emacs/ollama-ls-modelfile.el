;;; ollama-ls-modelfile.el --- Mode for Modelfiles of Ollama -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Colours and comments; the rest is the language server's.

;;; Code:

;;;; Modelfiles

(defconst ollama-ls--modelfile-keywords
  (let ((case-fold-search t))
    `((,(concat "^[ \t]*" (regexp-opt '("FROM" "PARAMETER" "TEMPLATE" "SYSTEM" "ADAPTER" "LICENSE"
                                        "MESSAGE" "RENDERER" "PARSER" "REQUIRES" "DRAFT"
                                        "from" "parameter" "template" "system" "adapter" "license"
                                        "message" "renderer" "parser" "requires" "draft")
                                      t)
                "\\_>")
       1 font-lock-keyword-face)
      ("^[ \t]*\\(?:PARAMETER\\|parameter\\|MESSAGE\\|message\\)[ \t]+\\([a-z_]+\\)"
       1 font-lock-variable-name-face)
      ("{{.*?}}" 0 font-lock-preprocessor-face t)))
  "Colours of Modelfiles.")

(defvar ollama-ls-modelfile-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?' "." table)
    (modify-syntax-entry ?_ "_" table)
    table)
  "Syntax of Modelfiles; a # begins a comment only where a line begins.")

(defconst ollama-ls--modelfile-syntax
  (syntax-propertize-rules ("^[ \t]*\\(#\\)" (1 "<")))
  "Finds comments.")

;;;###autoload
(define-derived-mode ollama-ls-modelfile-mode prog-mode "Modelfile"
  "Mode for Modelfiles of Ollama."
  (setq-local comment-start "# "
              comment-start-skip "#+[ \t]*"
              syntax-propertize-function ollama-ls--modelfile-syntax
              font-lock-defaults '(ollama-ls--modelfile-keywords))
  (modify-syntax-entry ?\n ">"))
(put 'ollama-ls-modelfile-mode 'eglot-language-id "modelfile")

;;;###autoload
(add-to-list 'auto-mode-alist
             '("\\(?:/\\|\\`\\)Modelfile\\(?:\\.[^/]*\\)?\\'\\|\\.[Mm]odelfile\\'"
               . ollama-ls-modelfile-mode))

;; In Emacs's own choice for these, fundamental-mode, "NAME=value" is one word, and completion sees
;; no value.  Last in the list: a mode of yours for them wins.
;;;###autoload
(add-to-list 'auto-mode-alist '("\\(?:/\\|\\`\\)\\.env\\(?:\\.[^/]*\\)?\\'" . conf-unix-mode) t)

(provide 'ollama-ls-modelfile)
;;; ollama-ls-modelfile.el ends here
