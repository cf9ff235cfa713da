;;; adal-mode.el --- Major mode for Adalang prompt files  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, comments and indentation for `.adal' files, and their language server for eglot (part of Emacs 29; for 28 it
;; is the package `eglot').  In your init file:
;;
;;     (load "/where/adalang/is/editors/emacs/adal-mode.el")
;;     (add-hook 'adal-mode-hook #'eglot-ensure)
;;
;; Then: completion with C-M-i, M-x eglot-rename, M-x eglot-code-actions (quick fixes, and the proposals of
;; optimizations), M-x eglot-format-buffer, M-. for definitions, and the commands adal-run, adal-evaluate, adal-optimize.

;;; Code:

(defgroup adal nil
  "Adalang prompt files."
  :group 'languages)

(defcustom adal-server-command '("adalang" "server")
  "How the language server is started."
  :type '(repeat string))

(defcustom adal-server-options '(:trusted t :evaluateOnSave t)
  "What the server is told at its start.
With `:trusted :json-false' nothing is run and nothing is spent."
  :type 'plist)

(defvar adal-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?' "." table)
    table))

(defconst adal-font-lock-keywords
  `((,(rx line-start (group (or "import" "model" "type" "param" "prompt" "retriever" "tool" "agent" "pipeline"
                                "dataset" "eval" "optimize"))
          (+ blank) (? (group (+ (or word ?_)))))
     (1 font-lock-keyword-face)
     (2 font-lock-function-name-face nil t))
    (,(rx symbol-start (or "of" "param" "demos" "return" "repeat" "until" "for" "match" "if" "and" "or" "not" "in")
          symbol-end)
     . font-lock-keyword-face)
    (,(rx symbol-start (or "system" "user" "assistant") symbol-end (* blank) "=") . font-lock-builtin-face)
    (,(rx symbol-start (or "str" "int" "float" "bool" "Passage" "Turn") symbol-end) . font-lock-type-face)
    (,(rx symbol-start (or "true" "false" "null") symbol-end) . font-lock-constant-face)
    (,(rx (or (seq "{{" (*? anychar) "}}") (seq "{%" (*? anychar) "%}"))) 0 font-lock-variable-name-face prepend)))

;; A text in three quotes is a string from its first quote to its last, whatever stands in it.
(defun adal--syntax-propertize (start end)
  "Mark the texts in three quotes between START and END."
  (goto-char start)
  (funcall
   (syntax-propertize-rules
    ("\"\"\"" (0 (ignore (adal--mark-quotes (match-beginning 0))))))
   start end))

(defun adal--mark-quotes (at)
  "Make the three quotes AT a place one fence, unless they stand in a comment or in a text of one quote."
  (let ((state (save-excursion (syntax-ppss at))))
    (cond ((or (null (nth 8 state)))
           (put-text-property at (1+ at) 'syntax-table (string-to-syntax "|")))
          ((eq (nth 3 state) t)
           (put-text-property (+ at 2) (+ at 3) 'syntax-table (string-to-syntax "|"))))))

(defun adal-indent-line ()
  "Indent a line by two blanks for each bracket that is open before it; lines of a text stay as they are."
  (interactive)
  (unless (nth 3 (save-excursion (syntax-ppss (line-beginning-position))))
    (let* ((depth (car (save-excursion (syntax-ppss (line-beginning-position)))))
           (closes (save-excursion (back-to-indentation) (looking-at-p "[])}]")))
           (wanted (* 2 (max 0 (if closes (1- depth) depth)))))
      (if (<= (current-column) (current-indentation))
          (indent-line-to wanted)
        (save-excursion (indent-line-to wanted))))))

;;;###autoload
(define-derived-mode adal-mode prog-mode "Adalang"
  "Major mode for Adalang prompt files."
  (setq-local comment-start "# "
              comment-start-skip "#+ *"
              indent-tabs-mode nil
              tab-width 2
              indent-line-function #'adal-indent-line
              syntax-propertize-function #'adal--syntax-propertize
              font-lock-defaults '(adal-font-lock-keywords)
              imenu-generic-expression
              `((nil ,(rx line-start (or "model" "type" "param" "prompt" "retriever" "tool" "agent" "pipeline" "dataset"
                                         "eval")
                          (+ blank) (group (+ (or word ?_))))
                     1))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.adal\\'" . adal-mode))

;; A project is where adalang.toml lies: Emacs itself looks for version control only.
(defun adal--project (folder)
  "The project of FOLDER, when adalang.toml says where it begins."
  (when-let ((root (and (derived-mode-p 'adal-mode) (locate-dominating-file folder "adalang.toml"))))
    (cons 'adal root)))

(with-eval-after-load 'project
  (add-hook 'project-find-functions #'adal--project)
  (cl-defmethod project-root ((project (head adal))) (cdr project)))

(defvar eglot-server-programs)
(declare-function eglot-current-server "eglot")
(declare-function jsonrpc-async-request "jsonrpc")
(declare-function eglot--path-to-uri "eglot")
(declare-function eglot-path-to-uri "eglot")

(defun adal--contact (&rest _)
  "The server's command and options, for eglot."
  (append adal-server-command (list :initializationOptions adal-server-options)))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(adal-mode . adal--contact)))

(defun adal--command (name)
  "Have the server do NAME with the declaration whose name is asked for."
  (let ((uri (if (fboundp 'eglot-path-to-uri)
                 (eglot-path-to-uri buffer-file-name)
               (eglot--path-to-uri buffer-file-name))))
    (jsonrpc-async-request
     (eglot-current-server) :workspace/executeCommand
     `(:command ,(concat "adalang.server." name)
       :arguments ,(vector uri (read-string (format "%s: " name) (thing-at-point 'symbol))))
     :timeout 3600
     :success-fn #'ignore
     :error-fn (lambda (problem) (message "%s" (plist-get problem :message))))))

(defun adal-run ()
  "Run a component with the first example of an eval of it."
  (interactive)
  (adal--command "run"))

(defun adal-evaluate ()
  "Score an eval."
  (interactive)
  (adal--command "evaluate"))

(defun adal-optimize ()
  "Look for a better version of what an eval scores.
What is found comes as a diagnostic with a code action."
  (interactive)
  (adal--command "optimize"))

(provide 'adal-mode)
;;; adal-mode.el ends here
