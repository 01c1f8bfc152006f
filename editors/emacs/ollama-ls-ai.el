;;; ollama-ls-ai.el --- AI actions of ollama-ls -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; AI actions while they run and while their results wait: drawn, never written;
;; the edit is the server's.

;;; Code:

(require 'cl-lib)
(require 'diff)
(require 'eglot)
(require 'flymake)
(require 'subr-x)
(require 'ollama-ls-core)

(declare-function eglot--TextDocumentIdentifier "eglot" ())
(declare-function eglot--pos-to-lsp-position "eglot" (&optional pos))
(declare-function eglot--lsp-position-to-point "eglot" (pos-plist &optional marker))
(declare-function eglot--managed-buffers "eglot" (server))
(declare-function eglot--diag-data "eglot" (diag))
(declare-function markdown-view-mode "ext:markdown-mode" ())

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
               (ollama-ls--count (plist-get job :tokens) "token"))
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

(provide 'ollama-ls-ai)
;;; ollama-ls-ai.el ends here
