;;; ollama-ls.el --- Ollama models and AI actions by eglot -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;; Author: The ollama-ls authors
;; Maintainer: The ollama-ls authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1") (eglot "1.9"))
;; Keywords: languages, tools, convenience
;; URL: https://github.com/ollama-ls/ollama-ls

;;; Commentary:

;; ollama-ls is a language server for everything that names an Ollama model or
;; host: it checks, completes and pulls models, shows the server's state, and
;; runs local models as streaming AI actions.
;;
;;   (require 'ollama-ls)
;;   (ollama-ls-mode 1)
;;
;; starts it in every buffer with a file whose mode has no language server of
;; its own.  eglot serves a buffer with one server; for the others there are a
;; multiplexer and `ollama-ls-beside' (see README.md).
;;
;; M-x ollama-ls is a menu of everything; it is on the mode line too.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'subr-x)
(require 'ollama-ls-core)
(require 'ollama-ls-ai)
(require 'ollama-ls-modelfile)

(declare-function eglot--guess-contact "eglot" (&optional interactive))

;;;; Starting it

(defvar ollama-ls--told-missing nil
  "Non-nil when the user knows that the program is missing.")

(defun ollama-ls--program-p ()
  "Is the program there?  If not, say so once."
  (or (executable-find (car ollama-ls-program))
      (unless ollama-ls--told-missing
        (setq ollama-ls--told-missing t)
        (display-warning
         'ollama-ls
         (format "The program \"%s\" is not to be found.  Install it, or say where it is:
(setq ollama-ls-program '(\"/path/to/ollama-ls\" \"--stdio\"))"
                 (car ollama-ls-program))
         :error)
        nil)))

(defun ollama-ls--main-server-p ()
  "Is there a language server on this machine that eglot would start here?"
  (condition-case nil
      (let ((program (car-safe (nth 3 (eglot--guess-contact)))))
        (and (stringp program) (executable-find program) t))
    (error nil)))

;;;###autoload
(defun ollama-ls-start ()
  "Serve this buffer with ollama-ls alone, by eglot."
  (interactive)
  (unless (ollama-ls--program-p)
    (user-error "The program \"%s\" is not to be found" (car ollama-ls-program)))
  (let* ((modes (if (memq major-mode ollama-ls-modes)
                    ollama-ls-modes
                  (cons major-mode ollama-ls-modes)))
         (eglot-server-programs (list (cons modes (ollama-ls--contact)))))
    (apply #'eglot (eglot--guess-contact))))

(defun ollama-ls-ensure ()
  "Serve this buffer with ollama-ls if it has a file and no other server is for it."
  (when (and buffer-file-name
             (not (file-remote-p buffer-file-name))
             (not (eglot-managed-p))
             (not (ollama-ls--main-server-p))
             (ollama-ls--program-p))
    (ollama-ls-start)
    (run-hooks 'ollama-ls-start-hook)))

(defun ollama-ls--on-file ()
  "Start soon, when the modes of the buffer are settled."
  (let ((buffer (current-buffer)))
    (run-with-timer 0 nil
                    (lambda ()
                      (when (buffer-live-p buffer)
                        (with-current-buffer buffer
                          (with-demoted-errors "ollama-ls: %S" (ollama-ls-ensure))))))))

;;;###autoload
(define-minor-mode ollama-ls-mode
  "Serve files whose mode has no language server of its own with ollama-ls."
  :global t
  :group 'ollama-ls
  (if ollama-ls-mode
      (progn
        (add-hook 'find-file-hook #'ollama-ls--on-file)
        (dolist (buffer (buffer-list))
          (with-current-buffer buffer
            (when buffer-file-name (ollama-ls--on-file)))))
    (remove-hook 'find-file-hook #'ollama-ls--on-file)))

;;;; Beside another server

(define-derived-mode ollama-ls-beside-mode prog-mode "Beside"
  "Mode of a second buffer of a file, that ollama-ls serves.")

(defun ollama-ls--revert-main ()
  "After saving, let the file's own buffer follow."
  (let ((path buffer-file-name) (this (current-buffer)))
    (dolist (buffer (buffer-list))
      (with-current-buffer buffer
        (when (and (not (eq buffer this)) (equal buffer-file-name path)
                   (not (buffer-modified-p)))
          (revert-buffer t t t))))))

;;;###autoload
(defun ollama-ls-beside ()
  "Open the file of this buffer a second time, served by ollama-ls.
The file's own buffer keeps its language server.  Save one before you
edit in the other: a saved change is read by the other by itself."
  (interactive)
  (let* ((path (or buffer-file-name (user-error "This buffer has no file")))
         (mode major-mode)
         (line (line-number-at-pos))
         (name (format "%s <ollama-ls>" (file-name-nondirectory path)))
         (buffer (get-buffer-create name)))
    (when (buffer-modified-p) (save-buffer))
    (with-current-buffer buffer
      (unless (equal buffer-file-name path)
        (insert-file-contents path t)
        (delay-mode-hooks (funcall mode)) ; for colours and indentation; its hooks would start its server
        (setq major-mode 'ollama-ls-beside-mode mode-name "Beside")
        (add-hook 'after-save-hook #'ollama-ls--revert-main nil t)
        (ollama-ls-start))
      (goto-char (point-min))
      (forward-line (1- line)))
    (pop-to-buffer buffer)))

;;;; Mode line

(defun ollama-ls--gb (bytes)
  "BYTES in gigabytes."
  (format "%.1f GB" (/ (float (or bytes 0)) 1024 1024 1024)))

(defun ollama-ls--status-text ()
  "One short line about the state, empty if ollama-ls does not run."
  (let* ((status ollama-ls--status)
         (state (ollama-ls-state))
         (servers (append (plist-get status :servers) nil))
         (job (car (append (plist-get status :active) nil))))
    (pcase state
      ("off" "")
      ("ok" (string-join
             (cons (ollama-ls--count (or (plist-get (car servers) :models) 0) "model")
                   (cl-loop for server in servers
                            append (cl-loop for model across (or (plist-get server :running) [])
                                            collect (format "%s %s" (plist-get model :name)
                                                            (ollama-ls--gb (plist-get model :size))))))
             ", "))
      ((or "loading" "busy" "starting")
       (if job (format "%s %s%s" (plist-get job :kind) (plist-get job :model)
                       (if (> (or (plist-get job :tokens) 0) 0)
                           (concat " " (ollama-ls--count (plist-get job :tokens) "token"))
                         ""))
         state))
      (_ state))))

(defvar ollama-ls--mode-line-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mode-line mouse-1] #'ollama-ls)
    map)
  "Keys of the item in the mode line.")

(defun ollama-ls--mode-line ()
  "The item in the mode line."
  (let ((text (ollama-ls--status-text)))
    (if (string-empty-p text)
        ""
      (propertize (concat " ollama: " (string-replace "%" "%%" text))
                  'face (pcase (ollama-ls-state)
                          ((or "unreachable" "stale") 'warning)
                          ("error" 'error)
                          (_ 'mode-line-emphasis))
                  'help-echo (plist-get ollama-ls--status :message)
                  'mouse-face 'mode-line-highlight
                  'local-map ollama-ls--mode-line-map))))

(defun ollama-ls--on-managed ()
  "Put the item into the mode line of a served buffer.
Forget the state of a server that is gone."
  (if (and (eglot-managed-p) (ollama-ls--server))
      (progn
        (add-to-list (make-local-variable 'mode-line-misc-info)
                     '(eglot--managed-mode (:eval (ollama-ls--mode-line))))
        ;; After a reconnection eglot 1.9 keeps what it is told to itself until the next edit.
        (when flymake-mode (flymake-start)))
    (unless (ollama-ls--server)
      (setq ollama-ls--status nil)
      (ollama-ls--forget-all)
      (force-mode-line-update t))))
(add-hook 'eglot-managed-mode-hook #'ollama-ls--on-managed)

;;;; Models

(defun ollama-ls--describe (model)
  "MODEL in a line, for completion."
  (string-join
   (delq nil (list (plist-get model :parameters) (plist-get model :quantization)
                   (when (> (or (plist-get model :size) 0) 0) (ollama-ls--gb (plist-get model :size)))
                   (when (plist-get model :running) "loaded")
                   (when (eq (plist-get model :remote) t) "remote: text leaves this machine")))
   " · "))

(defun ollama-ls--with-model (prompt condition on-model)
  "Ask with PROMPT for a model that CONDITION lets through.
ON-MODEL gets its name and host."
  (ollama-ls--execute
   "models" nil
   (lambda (result)
     ;; Not inside the process filter, where a minibuffer would hold up everything else.
     (run-with-timer
      0 nil
      (lambda ()
        (let* ((models (cl-loop for server across (plist-get result :servers)
                                append (cl-loop for model across (plist-get server :models)
                                                when (funcall condition model)
                                                collect (list (plist-get model :name) model server))))
               (completion-extra-properties
                (list :annotation-function
                      (lambda (name)
                        (concat "  " (ollama-ls--describe (cadr (assoc name models)))))))
               (chosen (if models
                           (assoc (completing-read prompt models nil t) models)
                         (user-error "There is no such model"))))
          (funcall on-model (car chosen)
                   (unless (equal (plist-get (nth 2 chosen) :name) "default")
                     (plist-get (nth 2 chosen) :url)))))))))

(defun ollama-ls--model-command (verb prompt condition)
  "Ask with PROMPT for a model that CONDITION lets through and run VERB on it."
  (ollama-ls--with-model
   prompt condition
   (lambda (name host)
     (ollama-ls--execute verb (append (list :model name) (when host (list :host host)))))))

(defun ollama-ls-load ()
  "Load a model into memory."
  (interactive)
  (ollama-ls--model-command "load" "Load: " #'always))

(defun ollama-ls-unload ()
  "Take a model out of memory."
  (interactive)
  (ollama-ls--model-command "unload" "Unload: " (lambda (model) (plist-get model :running))))

(defun ollama-ls-delete ()
  "Delete a model, after a question."
  (interactive)
  (ollama-ls--model-command "delete" "Delete: " #'always))

(defun ollama-ls-pull (model)
  "Install MODEL."
  (interactive "sPull: ")
  (ollama-ls--execute "pull" (list :model (string-trim model))))

(defun ollama-ls-select-model (role)
  "Choose the model for ROLE."
  (interactive (list (completing-read "Choose the model for: " '("chat" "autocomplete" "embed") nil t)))
  (let ((wanted (cdr (assoc role '(("embed" . "embedding") ("autocomplete" . "insert"))))))
    (ollama-ls--with-model
     (format "Model for %s: " role)
     (lambda (model)
       (let ((capabilities (append (plist-get model :capabilities) nil)))
         (or (null wanted) (null capabilities) (member wanted capabilities))))
     (lambda (name _host)
       (ollama-ls--execute "selectModel" (list :model name :role role)
                           (lambda (_) (message "%s is now the model for %s" name role)))))))

(defun ollama-ls-status ()
  "Say how the server is."
  (interactive)
  (ollama-ls--execute "status" nil
                      (lambda (status) (message "ollama: %s" (plist-get status :message)))))

(defun ollama-ls-refresh ()
  "Ask all servers again."
  (interactive)
  (ollama-ls--execute "refresh" nil))

(defun ollama-ls-start-server ()
  "Start Ollama on this machine."
  (interactive)
  (ollama-ls--execute "startServer" nil))

(defun ollama-ls-metrics ()
  "Show what models did so far."
  (interactive)
  (ollama-ls--execute
   "metrics" nil
   (lambda (result)
     (ollama-ls--write-panel
      (ollama-ls--panel "metrics")
      (concat "# What models did\n\n"
              (or (cl-loop
                   for server across (or (plist-get result :servers) [])
                   concat (cl-loop
                           for model across (or (plist-get server :models) [])
                           concat (format "## %s on %s\n\n" (plist-get model :name)
                                          (plist-get server :url))
                           concat (cl-loop for (key value) on model by #'cddr
                                           when (numberp value)
                                           concat (format "- %s: %s\n" (substring (symbol-name key) 1)
                                                          value))
                           concat "\n"))
                  "Nothing yet.\n"))
      t))))

(defconst ollama-ls--menu
  '(("AI action" . ollama-ls-ai)
    ("Pull a model" . ollama-ls-pull)
    ("Choose the model for a role" . ollama-ls-select-model)
    ("Load a model" . ollama-ls-load)
    ("Unload a model" . ollama-ls-unload)
    ("Delete a model" . ollama-ls-delete)
    ("Status" . ollama-ls-status)
    ("Ask servers again" . ollama-ls-refresh)
    ("Start Ollama" . ollama-ls-start-server)
    ("Metrics" . ollama-ls-metrics)
    ("Log" . eglot-events-buffer))
  "What `ollama-ls' offers.")

;;;###autoload
(defun ollama-ls ()
  "Choose what to do with Ollama."
  (interactive)
  (call-interactively
   (cdr (assoc (completing-read "Ollama: " ollama-ls--menu nil t) ollama-ls--menu))))

(provide 'ollama-ls)
;;; ollama-ls.el ends here
