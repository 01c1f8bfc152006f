;;; emacs.el --- What tests/editors/emacs.py asks of a running Emacs -*- lexical-binding: t; -*-
;; SPDX-License-Identifier: MIT

;;; Code:

(setq make-backup-files nil create-lockfiles nil auto-save-default nil
      native-comp-jit-compilation nil
      confirm-kill-processes nil
      inhibit-message nil)
(unless (locate-library "eglot")        ; -Q leaves out Debian's elpa folder
  (require 'package)
  (add-to-list 'package-directory-list "/usr/share/emacs/site-lisp/elpa")
  (package-initialize))
(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'json)
(setq eglot-autoshutdown t
      eglot-send-changes-idle-time 0.05
      flymake-no-changes-timeout 0.1)

(defvar test-buffer nil "The buffer under test.")
(defvar test-progress nil "Progress that was seen, newest first.")
(defvar test-warnings nil "Texts of warnings.")

(advice-add 'display-warning :before
            (lambda (_type text &rest _) (push text test-warnings)))

(cl-defmethod eglot-handle-notification :after
  (_server (_method (eql $/progress)) &key token value &allow-other-keys)
  (push `((token . ,token) (kind . ,(plist-get value :kind))
          (percentage . ,(plist-get value :percentage)) (message . ,(plist-get value :message)))
        test-progress))

;; Without a terminal there is no input to wait for, and no wait.
(advice-add 'jsonrpc-request :filter-args
            (lambda (arguments)
              (append (cl-subseq arguments 0 3)
                      (cl-loop for (key value) on (nthcdr 3 arguments) by #'cddr
                               unless (eq key :cancel-on-input) append (list key value)))))

(defvar test-point nil "Where the user is: what emacsclient does to the window is not the user's doing.")

(defun test-call (out function &rest arguments)
  "Write what FUNCTION returns for ARGUMENTS to OUT as JSON."
  (let ((coding-system-for-write 'utf-8)
        (value (if (not (buffer-live-p test-buffer))
                   (apply function arguments)
                 (switch-to-buffer test-buffer)
                 (when test-point (goto-char test-point))
                 (prog1 (apply function arguments)
                   (setq test-point (with-current-buffer test-buffer (point-marker)))))))
    (write-region (json-encode value) nil (concat out ".part") nil 'silent)
    (rename-file (concat out ".part") out t)
    t))

(defun test-open (path)
  (find-file path)
  (setq test-buffer (current-buffer))
  t)

(defun test-findings ()
  (vconcat
   (mapcar (lambda (d)
             (let* ((beg (flymake-diagnostic-beg d)) (end (flymake-diagnostic-end d))
                    (lsp (cdr (assq 'eglot-lsp-diag (eglot--diag-data d))))
                    (start-of-line (save-excursion (goto-char beg) (line-beginning-position))))
               (vector (1- (line-number-at-pos beg)) (- beg start-of-line) (- end start-of-line)
                       (plist-get lsp :code) (flymake-diagnostic-text d))))
           (flymake-diagnostics))))

(defun test-text () (buffer-substring-no-properties (point-min) (point-max)))
(defun test-status ()
  `((state . ,(ollama-ls-state)) (text . ,(ollama-ls--status-text))
    (line . ,(format-mode-line '(:eval (ollama-ls--mode-line))))))
(defun test-messages ()
  (concat (with-current-buffer (messages-buffer) (buffer-string))
          (string-join test-warnings "\n")))
(defun test-overlays ()
  (vconcat
   (cl-loop for overlay in (overlays-in (point-min) (point-max))
            when (overlay-get overlay 'ollama-ls)
            collect `((line . ,(1- (line-number-at-pos (max (point-min) (1- (overlay-end overlay))))))
                      (text . ,(substring-no-properties (or (overlay-get overlay 'after-string) "")))))))
(defun test-panel ()
  (let ((buffer (get-buffer "*ollama-ls explain*")))
    (if buffer (with-current-buffer buffer (buffer-substring-no-properties (point-min) (point-max))) "")))
(defun test-progress () (vconcat (reverse test-progress)))

(defun test-goto (line column)
  (goto-char (point-min))
  (forward-line line)
  (forward-char column))

(defun test-type-at (line column text)
  "Replace the rest of LINE from COLUMN by TEXT, as one command of the user."
  (undo-boundary)
  (test-goto line column)
  (delete-region (point) (line-end-position))
  (insert text)
  (undo-boundary)
  t)

(defun test-insert-above (line)
  (undo-boundary)
  (save-excursion (goto-char (point-min)) (insert line "\n"))
  (undo-boundary)
  t)

(defun test-completions ()
  (let ((found (run-hook-with-args-until-success 'completion-at-point-functions)))
    (vconcat (and (consp found)
                  (mapcar #'substring-no-properties
                          (all-completions (buffer-substring-no-properties (nth 0 found) (nth 1 found))
                                           (nth 2 found) (plist-get (nthcdr 3 found) :predicate)))))))

(defun test-complete (choose)
  "Put in the completion CHOOSE, as a completion list does."
  (undo-boundary)
  (let* ((found (run-hook-with-args-until-success 'completion-at-point-functions))
         (typed (buffer-substring-no-properties (nth 0 found) (nth 1 found)))
         (chosen (cl-find-if (lambda (label) (string-prefix-p choose (string-trim-left label)))
                             (all-completions typed (nth 2 found)))))
    (delete-region (nth 0 found) (nth 1 found))
    (insert (substring-no-properties chosen))
    (funcall (plist-get (nthcdr 3 found) :exit-function) chosen 'finished))
  (undo-boundary)
  t)

(defun test-act (line column title)
  "Choose the code action at a place whose title starts with TITLE."
  (test-goto line column)
  (let (titles)
    (let ((completing-read-function
           (lambda (_prompt items &rest _)
             (setq titles (all-completions "" items))
             (cl-find-if (lambda (item) (string-prefix-p title item)) titles))))
      (let ((found (cl-find-if (lambda (d) (<= (flymake-diagnostic-beg d) (point)
                                               (flymake-diagnostic-end d)))
                               (flymake-diagnostics))))
        (eglot-code-actions (if found (flymake-diagnostic-beg found) (point))
                            (if found (flymake-diagnostic-end found) (point)) nil t)))
    (vconcat titles)))

(defun test-undo ()
  (undo-boundary)
  (setq last-command nil)
  (undo-only)
  t)

(defun test-ai (action first last instruction review)
  (test-goto first 0)
  (let ((start (point)))
    (test-goto last 0)
    (ollama-ls-ai action start (line-end-position) instruction review)))

(defun test-key (keys)
  "What KEYS do on the text of the run."
  (let* ((overlay (cl-find-if (lambda (o) (overlay-get o 'ollama-ls))
                              (overlays-in (point-min) (point-max)))))
    (goto-char (overlay-start overlay))
    (call-interactively (lookup-key (overlay-get overlay 'keymap) (kbd keys)))
    t))

(defun test-command (name)
  (call-interactively (intern (concat "ollama-ls-" name)))
  t)

(defun test-iterate (instruction)
  (goto-char (overlay-start (cl-find-if (lambda (o) (overlay-get o 'ollama-ls))
                                        (overlays-in (point-min) (point-max)))))
  (ollama-ls-iterate instruction)
  t)

(defun test-buffer (name)
  (if (get-buffer name) (with-current-buffer name (buffer-string)) ""))

(defun test-choose (command &rest answers)
  "Run COMMAND and give ANSWERS to its questions, in their order, now and later."
  (setq completing-read-function
        (lambda (_prompt items &rest _)
          (let ((answer (pop answers)))
            (cl-find-if (lambda (item) (string-prefix-p answer item)) (all-completions "" items)))))
  (call-interactively (intern (concat "ollama-ls-" command)))
  t)

(defun test-beside ()
  (ollama-ls-beside)
  (setq test-buffer (current-buffer) test-point nil)
  t)

(defun test-mode () (symbol-name major-mode))

(defun test-faces ()
  "The face at the start of each line."
  (font-lock-ensure)
  (vconcat (cl-loop for line below (count-lines (point-min) (point-max))
                    collect (let ((face (progn (test-goto line 0) (get-text-property (+ 2 (point)) 'face))))
                              (symbol-name (if (consp face) (car face) face))))))

(defun test-report ()
  (concat (test-messages) "\n"
          (ignore-errors
            (with-current-buffer test-buffer
              (format "\nmode %s managed %s text %S overlays %S" major-mode (eglot-managed-p)
                      (test-text) (test-overlays))))
          (ignore-errors
            (with-current-buffer (get-buffer (cl-find-if (lambda (b) (string-match-p "EGLOT.*stderr" b))
                                                         (mapcar #'buffer-name (buffer-list))))
              (buffer-string)))))

(defun test-quit ()
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer (set-buffer-modified-p nil)))
  (ignore-errors (when (eglot-current-server) (eglot-shutdown (eglot-current-server))))
  (run-with-timer 0 nil #'kill-emacs)
  t)
;;; emacs.el ends here
