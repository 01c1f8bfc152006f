;;; ollama-ls-core.el --- The connection of ollama-ls to its server -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Options, the connection, its commands and the status.  Nothing is drawn here.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'jsonrpc)
(require 'seq)

(declare-function eglot--signal-textDocument/didChange "eglot" ())

(defgroup ollama-ls nil
  "Ollama models and AI actions."
  :group 'tools
  :prefix "ollama-ls-")

(defcustom ollama-ls-program '("ollama-ls" "--stdio")
  "The program and its arguments."
  :type '(repeat string))
(put 'ollama-ls-program 'risky-local-variable t)

(defcustom ollama-ls-settings nil
  "Settings of ollama-ls, a property list without the section's name.
For example (:url \"gpu-box:11434\" :ai (:review t)).  They are yours
alone: what a project's .dir-locals.el says about
`eglot-workspace-configuration' cannot choose servers or models."
  :type 'plist)
(put 'ollama-ls-settings 'risky-local-variable t)

(defcustom ollama-ls-modes
  '(conf-mode conf-unix-mode conf-toml-mode conf-colon-mode conf-space-mode conf-windows-mode
              fundamental-mode text-mode markdown-mode gfm-mode
              yaml-mode yaml-ts-mode json-mode json-ts-mode js-json-mode toml-ts-mode
              sh-mode bash-ts-mode makefile-mode makefile-gmake-mode dockerfile-mode
              dockerfile-ts-mode nxml-mode python-mode python-ts-mode emacs-lisp-mode
              lua-mode ollama-ls-modelfile-mode)
  "Modes that one process of ollama-ls serves together in a project.
A buffer of another mode gets a process of its own."
  :type '(repeat symbol))

(defcustom ollama-ls-preview-lines 30
  "Lines of an answer that are shown while it comes: its last ones."
  :type 'integer)

(defcustom ollama-ls-start-hook nil
  "Run in a buffer that ollama-ls begins to serve."
  :type 'hook)

(defface ollama-ls-target '((t :inherit region))
  "The text that an AI action works on.")
(defface ollama-ls-text '((t :inherit diff-added))
  "What a model has written so far.")
(defface ollama-ls-thinking '((t :inherit shadow))
  "What a model thinks.")
(defface ollama-ls-header '((t :inherit font-lock-comment-face))
  "What is said about an AI action.")

;;;; The server

(defclass ollama-ls-server (eglot-lsp-server) ()
  :documentation "A connection to ollama-ls alone, without a multiplexer between.")

(defun ollama-ls--count (n what)
  "N of WHAT, in words."
  (format "%d %s%s" n what (if (= n 1) "" "s")))

(defun ollama-ls--options ()
  "What the server is told at its start."
  (append (list :status t :stream t) ollama-ls-settings))

(cl-defmethod eglot-initialization-options ((_server ollama-ls-server))
  "The user's settings."
  (ollama-ls--options))

(defun ollama-ls--contact ()
  "How eglot starts the program."
  (cons 'ollama-ls-server ollama-ls-program))

(defun ollama-ls--server ()
  "The server of this buffer if it has our commands, else any that has.
A multiplexer has them too."
  (let ((ours (lambda (server)
                (and server (jsonrpc-running-p server) (ollama-ls--knows-p server)))))
    ;; Elsewhere the question alone would tie the buffer to a server, perhaps to one that is dying.
    (let ((current (and eglot--managed-mode (eglot-current-server))))
      (if (funcall ours current)
          current
        (cl-loop for servers being the hash-values of eglot--servers-by-project
                 thereis (cl-find-if ours servers))))))

(defun ollama-ls--knows-p (server)
  "Does SERVER have the commands of ollama-ls?"
  (or (cl-typep server 'ollama-ls-server)
      (seq-contains-p (plist-get (plist-get (eglot--capabilities server) :executeCommandProvider)
                                 :commands)
                      "ollama-ls.status")))

(defun ollama-ls--execute (verb argument &optional on-result server)
  "Run the server's command VERB with ARGUMENT, a plist or nil.
ON-RESULT gets what it returns.  Emacs does not wait.  SERVER is
that of the buffer by default."
  (let ((server (or server (ollama-ls--server)
                    (user-error "No ollama-ls runs; M-x ollama-ls-start"))))
    (when (and eglot--managed-mode (eq server (eglot-current-server)))
      (eglot--signal-textDocument/didChange))
    (jsonrpc-async-request
     server :workspace/executeCommand
     (list :command (concat "ollama-ls." verb)
           :arguments (if argument (vector argument) []))
     :success-fn (lambda (result) (when on-result (funcall on-result result)))
     :error-fn (lambda (problem)
                 (message "ollama-ls: %s" (plist-get problem :message)))
     :timeout 30
     :timeout-fn (lambda () (message "ollama-ls: no answer to %s" verb)))))

;;;; Status

(defvar ollama-ls--status nil "The last status object, or nil.")

(defvar ollama-ls-status-hook nil
  "Run when the status has changed.")

(cl-defmethod eglot-handle-notification
  (_server (_method (eql $/ollama-ls/status)) &rest status)
  "Keep STATUS for the mode line."
  (setq ollama-ls--status status)
  (force-mode-line-update t)
  (run-hooks 'ollama-ls-status-hook))

(defun ollama-ls-state ()
  "The state of the default server as a string, \"off\" if ollama-ls does not run."
  (or (plist-get ollama-ls--status :state) "off"))

(provide 'ollama-ls-core)
;;; ollama-ls-core.el ends here
