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
(require 'diff)
(require 'eglot)
(require 'flymake)
(require 'jsonrpc)
(require 'seq)
(require 'subr-x)

(declare-function eglot--TextDocumentIdentifier "eglot" ())
(declare-function eglot--pos-to-lsp-position "eglot" (&optional pos))
(declare-function eglot--lsp-position-to-point "eglot" (pos-plist &optional marker))
(declare-function eglot--signal-textDocument/didChange "eglot" ())
(declare-function eglot--managed-buffers "eglot" (server))
(declare-function eglot--guess-contact "eglot" (&optional interactive))
(declare-function eglot--diag-data "eglot" (diag))
(declare-function markdown-view-mode "ext:markdown-mode" ())

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
             (cons (format "%d models" (or (plist-get (car servers) :models) 0))
                   (cl-loop for server in servers
                            append (cl-loop for model across (or (plist-get server :running) [])
                                            collect (format "%s %s" (plist-get model :name)
                                                            (ollama-ls--gb (plist-get model :size))))))
             ", "))
      ((or "loading" "busy" "starting")
       (if job (format "%s %s%s" (plist-get job :kind) (plist-get job :model)
                       (if (> (or (plist-get job :tokens) 0) 0)
                           (format " %d tokens" (plist-get job :tokens))
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

;;;; AI actions at work

(cl-defstruct ollama-ls--run
  "An AI action that runs, or whose result waits."
  id server buffer action model overlay (text "") (thinking "") outcome panel progress)

(defvar ollama-ls--runs nil "All runs, newest first.")
(defvar ollama-ls--timer nil "Draws while something runs.")
(defvar ollama-ls--next 0 "Number of the next run.")
(defconst ollama-ls--spinner ["⠋" "⠙" "⠹" "⠸" "⠼" "⠴" "⠦" "⠧" "⠇" "⠏"])

(defvar ollama-ls-run-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-k") #'ollama-ls-cancel)
    map)
  "Keys on a text that an AI action works on.")

(defvar ollama-ls-result-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'ollama-ls-accept)
    (define-key map (kbd "C-c C-k") #'ollama-ls-reject)
    (define-key map (kbd "C-c C-i") #'ollama-ls-iterate)
    (define-key map (kbd "C-c C-d") #'ollama-ls-diff)
    map)
  "Keys on a text whose new version waits.")

(defun ollama-ls--find-run (id)
  "The run named ID."
  (cl-find id ollama-ls--runs :key #'ollama-ls--run-id :test #'equal))

(defun ollama-ls--doing (run)
  "What RUN does now, in a word or two."
  (or (ollama-ls--run-progress run)
      (let ((job (cl-find (ollama-ls--run-id run)
                          (append (plist-get ollama-ls--status :active) nil)
                          :key (lambda (job) (plist-get job :id)) :test #'equal)))
        (cond ((and job (> (or (plist-get job :tokens) 0) 0))
               (format "%d tokens" (plist-get job :tokens)))
              ((equal (ollama-ls-state) "loading")
               (format "loading %s" (ollama-ls--run-model run)))
              ((not (string-empty-p (ollama-ls--run-thinking run))) "thinking")
              (t "")))))

(defun ollama-ls--headline (run)
  "What is said about RUN above its text."
  (let ((name (format "%s, %s" (ollama-ls--run-action run) (ollama-ls--run-model run)))
        (doing (ollama-ls--doing run)))
    (pcase (ollama-ls--run-outcome run)
      ('nil (format "%s %s  %s  C-c C-k cancel"
                    (aref ollama-ls--spinner
                          (mod (floor (* 8 (float-time))) (length ollama-ls--spinner)))
                    (if (string-search (ollama-ls--run-model run) doing)
                        (ollama-ls--run-action run) ; progress names the model
                      name)
                    doing))
      (outcome (format "%s%s: C-c C-c accept, C-c C-k reject, C-c C-i iterate, C-c C-d diff" name
                       (pcase outcome
                         ("conflict" ": the text was edited meanwhile, nothing was changed")
                         ("failed" ": broke off")
                         ("shown" ": the edit was not taken")
                         (_ "")))))))

(defun ollama-ls--preview (run)
  "The last lines of what RUN's model has written."
  (let* ((is-thinking (string-empty-p (ollama-ls--run-text run)))
         (text (if is-thinking (ollama-ls--run-thinking run) (ollama-ls--run-text run)))
         (lines (split-string (string-remove-suffix "\n" text) "\n"))
         (hidden (- (length lines) ollama-ls-preview-lines)))
    (cond ((string-empty-p text) "")
          (t (concat (when (> hidden 0)
                       (propertize (format "… %d lines above\n" hidden) 'face 'ollama-ls-header))
                     (propertize (concat (string-join (last lines ollama-ls-preview-lines) "\n") "\n")
                                 'face (if is-thinking 'ollama-ls-thinking 'ollama-ls-text)))))))

(defun ollama-ls--draw (run)
  "Draw RUN into its buffer."
  (let ((overlay (ollama-ls--run-overlay run)))
    (when (and overlay (overlay-buffer overlay))
      (with-current-buffer (overlay-buffer overlay)
        (let ((at-line-start (save-excursion (goto-char (overlay-end overlay)) (bolp))))
          (overlay-put overlay 'keymap
                       (if (ollama-ls--run-outcome run) ollama-ls-result-map ollama-ls-run-map))
          (overlay-put overlay 'after-string
                       (concat (unless at-line-start "\n")
                               (propertize (concat (ollama-ls--headline run) "\n")
                                           'face 'ollama-ls-header)
                               (let ((text (ollama-ls--preview run)))
                                 (if at-line-start text (string-remove-suffix "\n" text))))))))))

(defun ollama-ls--tick ()
  "Draw what runs; stop when nothing does."
  (let ((at-work (cl-remove-if #'ollama-ls--run-outcome ollama-ls--runs)))
    (mapc #'ollama-ls--draw at-work)
    (when (and ollama-ls--timer (null at-work))
      (cancel-timer ollama-ls--timer)
      (setq ollama-ls--timer nil))))

(defun ollama-ls--forget (run)
  "RUN is over."
  (when (ollama-ls--run-overlay run)
    (delete-overlay (ollama-ls--run-overlay run)))
  (setq ollama-ls--runs (delq run ollama-ls--runs)))

(defun ollama-ls--forget-all ()
  "The server is gone."
  (mapc #'ollama-ls--forget (copy-sequence ollama-ls--runs)))

(defun ollama-ls--panel (name)
  "A buffer for Markdown, shown beside the text."
  (let ((buffer (get-buffer-create (format "*ollama-ls %s*" name))))
    (with-current-buffer buffer
      (let ((inhibit-read-only t)) (erase-buffer))
      (if (fboundp 'markdown-view-mode) (markdown-view-mode) (special-mode))
      (visual-line-mode 1))
    (display-buffer buffer)
    buffer))

(defun ollama-ls--write-panel (buffer text &optional whole)
  "Append TEXT to BUFFER; with WHOLE, replace everything."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion
          (when whole (erase-buffer))
          (goto-char (point-max))
          (insert text))))))

(defun ollama-ls--buffer-of (server uri)
  "The buffer of URI that SERVER serves."
  (let ((path (funcall (if (fboundp 'eglot-uri-to-path) 'eglot-uri-to-path 'eglot--uri-to-path)
                       uri)))
    (or (cl-find path (eglot--managed-buffers server)
                 :key (lambda (buffer) (buffer-local-value 'buffer-file-name buffer))
                 :test #'equal)
        (find-buffer-visiting path))))

(defun ollama-ls--begin (server message)
  "The action of MESSAGE begins on SERVER."
  (let* ((buffer (ollama-ls--buffer-of server (plist-get message :uri)))
         (run (make-ollama-ls--run :id (plist-get message :id) :server server :buffer buffer
                                   :action (plist-get message :action)
                                   :model (plist-get message :model)))
         (range (plist-get message :range)))
    (push run ollama-ls--runs)
    (cond ((or (equal (plist-get message :action) "explain")
               (equal (plist-get message :output) "show"))
           (setf (ollama-ls--run-panel run) (ollama-ls--panel (ollama-ls--run-action run))))
          (buffer
           (with-current-buffer buffer
             (let ((overlay (make-overlay (eglot--lsp-position-to-point (plist-get range :start))
                                          (eglot--lsp-position-to-point (plist-get range :end))
                                          nil nil t)))
               (overlay-put overlay 'face 'ollama-ls-target)
               (overlay-put overlay 'ollama-ls run)
               (setf (ollama-ls--run-overlay run) overlay)
               (ollama-ls--draw run)))))
    (unless ollama-ls--timer
      (setq ollama-ls--timer (run-with-timer 0.1 0.1 #'ollama-ls--tick)))))

(defun ollama-ls--end (run message)
  "RUN ends as MESSAGE says."
  (setf (ollama-ls--run-outcome run) (plist-get message :outcome)
        (ollama-ls--run-text run) (or (plist-get message :text) ""))
  (when (ollama-ls--run-panel run)
    (ollama-ls--write-panel (ollama-ls--run-panel run) (ollama-ls--run-text run) t))
  (if (and (ollama-ls--run-overlay run)
           (not (string-empty-p (ollama-ls--run-text run)))
           (member (ollama-ls--run-outcome run) '("review" "conflict" "failed" "shown")))
      (ollama-ls--draw run)
    (ollama-ls--forget run)))

(cl-defmethod eglot-handle-notification
  (server (_method (eql $/ollama-ls/stream)) &rest message)
  "Show what MESSAGE of SERVER says.  The buffer's text is the server's to change."
  (let ((run (ollama-ls--find-run (plist-get message :id)))
        (text (plist-get message :text)))
    (pcase (plist-get message :kind)
      ("begin" (ollama-ls--begin server message))
      ((guard (null run)))
      ("delta"
       (setf (ollama-ls--run-text run) (concat (ollama-ls--run-text run) text))
       (when (ollama-ls--run-panel run)
         (ollama-ls--write-panel (ollama-ls--run-panel run) text)))
      ("thinking"
       (setf (ollama-ls--run-thinking run) (concat (ollama-ls--run-thinking run) text)))
      ("end" (ollama-ls--end run message)))))

(cl-defmethod eglot-handle-notification :before
  (_server (_method (eql $/progress)) &key token value &allow-other-keys)
  "Keep what the progress VALUE of TOKEN says of a run for its headline."
  (when-let* ((id (and (stringp token) (string-prefix-p "ollama-ls/" token)
                       (substring token (length "ollama-ls/"))))
              (run (ollama-ls--find-run id)))
    (setf (ollama-ls--run-progress run) (plist-get value :message))))

;; The edit was asked for by the user, and it is one: no question, and one step back.
(cl-defmethod eglot-handle-request :around
  ((server ollama-ls-server) (_method (eql workspace/applyEdit)) &rest _params)
  "Apply an edit of SERVER without asking."
  (dolist (buffer (eglot--managed-buffers server))
    (with-current-buffer buffer (undo-boundary)))
  (cl-progv (list (if (boundp 'eglot-confirm-server-edits)
                      'eglot-confirm-server-edits
                    'eglot-confirm-server-initiated-edits)) ; before eglot 1.16
      (list nil)
    (prog1 (cl-call-next-method)
      (dolist (buffer (eglot--managed-buffers server))
        (with-current-buffer buffer (undo-boundary))))))

;;;; AI actions: what the user does

(defconst ollama-ls--actions
  '("explain" "fix" "refactor" "simplify" "optimise" "document" "types" "tests" "complete" "edit")
  "The actions that every server has.")

(defun ollama-ls--action-names ()
  "All actions, with those of the user's settings."
  (append ollama-ls--actions
          (mapcar (lambda (action) (plist-get action :name))
                  (append (plist-get ollama-ls-settings :actions) nil))))

(defun ollama-ls--range (start end)
  "The LSP range from START to END."
  (list :start (eglot--pos-to-lsp-position start) :end (eglot--pos-to-lsp-position end)))

(defun ollama-ls--diagnostics (start end)
  "What others than ollama-ls found between START and END."
  (vconcat
   (cl-loop for found in (flymake-diagnostics start end)
            for lsp = (cdr (assq 'eglot-lsp-diag (ignore-errors (eglot--diag-data found))))
            unless (equal (plist-get lsp :source) "ollama-ls")
            collect (or lsp
                        (list :range (ollama-ls--range (flymake-diagnostic-beg found)
                                                       (flymake-diagnostic-end found))
                              :severity 1
                              :message (flymake-diagnostic-text found))))))

;;;###autoload
(defun ollama-ls-ai (action start end &optional instruction review)
  "Run the AI action ACTION on the text from START to END.
INSTRUCTION says what to do, for \"edit\".  With REVIEW, by prefix
argument, the result waits for `ollama-ls-accept'."
  (interactive
   (let ((action (completing-read "AI action: " (ollama-ls--action-names) nil t)))
     (list action
           (if (use-region-p) (region-beginning) (point))
           (if (use-region-p) (region-end) (point))
           (when (equal action "edit") (read-string "Edit: "))
           (and current-prefix-arg t))))
  (let ((argument (list :id (format "emacs-%d-%d" (emacs-pid) (cl-incf ollama-ls--next))
                        :action action
                        :uri (plist-get (eglot--TextDocumentIdentifier) :uri)
                        :range (ollama-ls--range start end))))
    (when instruction (setq argument (plist-put argument :instruction instruction)))
    (when review (setq argument (plist-put argument :review t)))
    (when (equal action "fix")
      (setq argument (plist-put argument :diagnostics (ollama-ls--diagnostics start end))))
    (deactivate-mark)
    (ollama-ls--execute "ai" argument)
    (plist-get argument :id)))

(defun ollama-ls--chosen (condition)
  "The run that CONDITION lets through and that the user means.
That is the one at point, else the only one of the buffer, else
the only one."
  (let* ((all (cl-remove-if-not condition ollama-ls--runs))
         (here (cl-remove-if-not
                (lambda (run) (memq (current-buffer)
                                    (list (ollama-ls--run-buffer run) (ollama-ls--run-panel run))))
                all))
         (inside (cl-remove-if-not
                  (lambda (run)
                    (let ((overlay (ollama-ls--run-overlay run)))
                      (and overlay (eq (overlay-buffer overlay) (current-buffer))
                           (<= (overlay-start overlay) (point) (overlay-end overlay)))))
                  here)))
    (or (cl-loop for list in (list inside here all)
                 when (= (length list) 1) return (car list))
        (user-error (if all "Go to one of them first" "Nothing is waiting here")))))

(defun ollama-ls--settle (verb)
  "Tell the server to VERB the result at point."
  (let ((run (ollama-ls--chosen #'ollama-ls--run-outcome)))
    (ollama-ls--execute verb (list :id (ollama-ls--run-id run))
                        (lambda (_) (ollama-ls--forget run))
                        (ollama-ls--run-server run))))

(defun ollama-ls-accept ()
  "Put the result that waits into the text."
  (interactive)
  (ollama-ls--settle "accept"))

(defun ollama-ls-reject ()
  "Drop the result that waits."
  (interactive)
  (ollama-ls--settle "reject"))

(defun ollama-ls-cancel ()
  "Stop the AI action that runs here."
  (interactive)
  (let ((run (ollama-ls--chosen (lambda (run) (null (ollama-ls--run-outcome run))))))
    (ollama-ls--execute "cancel" (list :id (ollama-ls--run-id run)) nil
                        (ollama-ls--run-server run))))

(defun ollama-ls-iterate (instruction)
  "Have the result that waits worked over by INSTRUCTION; the text stays as it is."
  (interactive "sChange it how: ")
  (let* ((run (ollama-ls--chosen #'ollama-ls--run-outcome))
         (overlay (ollama-ls--run-overlay run))
         (start (overlay-start overlay))
         (end (overlay-end overlay))
         (draft (ollama-ls--run-text run)))
    (with-current-buffer (overlay-buffer overlay)
      (ollama-ls--execute "reject" (list :id (ollama-ls--run-id run))
                          (lambda (_) (ollama-ls--forget run)) (ollama-ls--run-server run))
      (ollama-ls-ai "edit" start end
                    (format "%s\n\nStart from this draft:\n%s" instruction draft) t))))

(defun ollama-ls-diff ()
  "Show how the result that waits differs from the text."
  (interactive)
  (let* ((run (ollama-ls--chosen #'ollama-ls--run-outcome))
         (overlay (ollama-ls--run-overlay run))
         (old (generate-new-buffer " *ollama-ls old*"))
         (new (generate-new-buffer " *ollama-ls new*"))
         (text (with-current-buffer (overlay-buffer overlay)
                 (buffer-substring-no-properties (overlay-start overlay) (overlay-end overlay)))))
    (unwind-protect
        (progn
          (with-current-buffer old (insert text))
          (with-current-buffer new (insert (ollama-ls--run-text run)))
          (display-buffer (diff-no-select old new "-u" t (get-buffer-create "*ollama-ls diff*"))))
      (kill-buffer old)
      (kill-buffer new))))

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

(provide 'ollama-ls)
;;; ollama-ls.el ends here
