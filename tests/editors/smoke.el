;; SPDX-License-Identifier: MIT
;; emacs -Q --batch -l smoke.el FILE
;; Drives the server with eglot and flymake alone and writes what Emacs holds to $OUT as JSON:
;; the diagnostics at first, the completions at the name, the buffer and diagnostics after the fix.
(setq make-backup-files nil create-lockfiles nil)
(unless (locate-library "eglot")        ; -Q leaves out Debian's elpa folder
  (require 'package)
  (add-to-list 'package-directory-list "/usr/share/emacs/site-lisp/elpa")
  (package-initialize))
(require 'eglot)
(require 'flymake)
(require 'json)
(setq eglot-sync-connect 10 eglot-autoshutdown t eglot-confirm-server-initiated-edits nil)
(add-to-list 'eglot-server-programs
             (cons 'fundamental-mode (list (getenv "OLLAMA_LS") "--stdio")))
(add-to-list 'eglot-server-programs (cons 'text-mode (list (getenv "OLLAMA_LS") "--stdio")))

(defvar smoke-errors nil)
(defun smoke-wait (what condition)
  (let ((deadline (+ (float-time) 15)))
    (while (and (< (float-time) deadline) (not (funcall condition)))
      (flymake-start)
      (accept-process-output nil 0.05))
    (unless (funcall condition) (push (concat "timeout: " what) smoke-errors))))
(defun smoke-diagnostics ()
  (vconcat (mapcar (lambda (d)
                     (vector (flymake-diagnostic-beg d) (flymake-diagnostic-end d)
                             (buffer-substring-no-properties (flymake-diagnostic-beg d)
                                                             (flymake-diagnostic-end d))
                             (flymake-diagnostic-text d)))
                   (flymake-diagnostics))))

(let (out)
  (find-file (pop command-line-args-left))
  (text-mode)
  (apply #'eglot (eglot--guess-contact))
  (smoke-wait "diagnostics" (lambda () (flymake-diagnostics)))
  (push (cons "before" (smoke-diagnostics)) out)
  (when (flymake-diagnostics)
    (let* ((found (car (flymake-diagnostics)))
           (server (eglot-current-server)))
      (goto-char (+ 2 (flymake-diagnostic-beg found)))
      (let ((c (run-hook-with-args-until-success 'completion-at-point-functions)))
        (push (cons "completions"
                    (vconcat (and (consp c) (mapcar #'substring-no-properties
                                                    (all-completions "" (nth 2 c))))))
              out))
      (goto-char (flymake-diagnostic-beg found))
      (let* ((actions (jsonrpc-request
                       server :textDocument/codeAction
                       (list :textDocument (eglot--TextDocumentIdentifier)
                             :range (list :start (eglot--pos-to-lsp-position
                                                  (flymake-diagnostic-beg found))
                                          :end (eglot--pos-to-lsp-position
                                                (flymake-diagnostic-end found)))
                             :context (list :diagnostics
                                            (vector (cdr (assoc 'eglot-lsp-diag
                                                                (eglot--diag-data found))))))))
             (fix (seq-find (lambda (a) (plist-get a :edit)) actions)))
        (push (cons "actions" (vconcat (mapcar (lambda (a) (plist-get a :title)) actions))) out)
        (if fix (eglot--apply-workspace-edit (plist-get fix :edit))
          (push "no action with an edit" smoke-errors)))))
  (push (cons "text" (buffer-substring-no-properties (point-min) (point-max))) out)
  (eglot--signal-textDocument/didChange)
  (smoke-wait "silence" (lambda () (null (flymake-diagnostics))))
  (push (cons "after" (smoke-diagnostics)) out)
  (set-buffer-modified-p nil)
  (let ((process (jsonrpc--process (eglot-current-server))))
    (eglot-shutdown (eglot-current-server))
    (push (cons "exit" (process-exit-status process)) out))
  (push (cons "errors" (vconcat smoke-errors)) out)
  (with-temp-file (getenv "OUT") (insert (json-encode out))))
