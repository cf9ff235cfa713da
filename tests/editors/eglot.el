;;; eglot.el --- A person's session with Emacs and eglot, without a screen  -*- lexical-binding: t; -*-

;; Run by test_emacs.py: every step prints its name when it has gone well; an error ends the session with its message.

(require 'eglot)
(load (expand-file-name "../../editors/emacs/adal-mode.el" (file-name-directory load-file-name)) nil t)
(setq adal-server-command (list (getenv "ADALANG") "server")
      eglot-confirm-server-initiated-edits nil
      make-backup-files nil
      create-lockfiles nil)

(defun step (name) (princ (format "step: %s\n" name)))

(defmacro until (what &rest look)
  "Evaluate LOOK until it gives something, which is returned; fail with WHAT after 20 s."
  `(let ((end (+ (float-time) 20)) found)
     (while (and (not (setq found (progn ,@look))) (< (float-time) end))
       (accept-process-output nil 0.05))
     (or found (error "Waited in vain: %s\n%s" ,what (buffer-string)))))

(defun visit (name)
  (find-file (expand-file-name name (getenv "FOLDER")))
  (unless (eglot-managed-p)
    (apply #'eglot--connect (eglot--guess-contact))
    (until "eglot" (eglot-managed-p)))
  (flymake-start))  ; by itself only when the buffer is on a screen

(defun says (text)
  "The diagnostics of the buffer that contain TEXT."
  (eglot--signal-textDocument/didChange)  ; an idle timer does, where there is a screen
  (seq-filter (lambda (one) (string-search text (flymake-diagnostic-text one))) (flymake-diagnostics)))

(defun behind (text)
  (goto-char (point-min))
  (search-forward text))

(defun retype (before after)
  (behind before)
  (delete-char (- (length before)))
  (insert after))

(defun pick (wanted)
  "Choose what begins with WANTED among the code actions at point."
  (cl-letf (((symbol-function 'completing-read)
             (lambda (_ offered &rest _)
               (or (seq-find (lambda (one) (string-prefix-p wanted one))
                             (mapcar (lambda (one) (if (consp one) (car one) one)) offered))
                   (error "No `%s' among %S" wanted offered)))))
    (let ((last-nonmenu-event ?x))  ; asked for with a key, not with the mouse
      (eglot-code-actions (point) nil nil t))))

(visit "page.adal")
(unless (eq major-mode 'adal-mode) (error "The mode is %s" major-mode))
(step "open")

(retype "{{ tone" "{{ tome")
(until "the mistake" (says "Did you mean `tone`?"))
(behind "{{ tom")
(pick "Change to `tone`")
(until "the mend" (null (says "tome")))
(unless (string-search "{{ tone }}" (buffer-string)) (error "Not mended: %s" (buffer-string)))
(step "diagnostics and quick fix")

(behind "{{ ton")
(delete-char 1)
(let ((completion-styles '(basic)))
  (completion-at-point))
(unless (string-search "{{ tone }}" (buffer-string)) (error "Not completed: %s" (buffer-string)))
(step "completion")

(behind "shared.sty")
(cl-letf (((symbol-function 'y-or-n-p) #'always))  ; whether the files that are not open may be changed
  (eglot-rename "manner"))
(until "the new name" (string-search "shared.manner" (buffer-string)))
(save-some-buffers t)
(step "rename")

(retype "  model = offline" "      model=offline")
(eglot-format-buffer)
(unless (string-search "\n  model = offline\n" (buffer-string)) (error "Not formatted: %s" (buffer-string)))
(save-buffer)
(step "format")

(visit "triage.adal")
(until "the proposal" (says "Proposed edit: routing "))
(behind "param instruction")
(pick "Apply proposed edit: routing ")
(until "the edit" (buffer-modified-p))
(save-buffer)
(step "proposal")

(behind "param instruction")
(beginning-of-line)
(indent-according-to-mode)
(when (buffer-modified-p) (error "The indentation is not that of the formatter: %s" (buffer-string)))
(step "indentation")
