package letter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"slices"
	"strings"
	text "text/template"
	"text/template/parse"
)

//go:embed templates
var builtIn embed.FS

// ErrTemplate is returned when a company's template is not acceptable; the text says why.
var ErrTemplate = errors.New("not an acceptable template")

// Bounds of a template and of what it writes, in bytes.
const (
	maxTemplate = 64 << 10
	maxWritten  = 256 << 10
)

// parts are what a template defines: the subject and both forms of an e-mail, and the text of an SMS.
var parts = []string{"subject", "text", "html", "sms"}

// template is one kind of letter in one language. Its parts are parsed twice, since what is written into HTML
// must be escaped.
type template struct {
	text *text.Template
	html *html.Template
}

// Check judges a company's template before it is kept. It is text with {{define "subject"}}, "text", "html" and
// "sms"; a part that is missing is the built-in one.
func Check(source string) error {
	t, err := parseTemplate(source)
	if err != nil {
		return err
	}
	_, err = t.write(view{Name: "Name", Subject: "Subject"}, parts)
	return err
}

func parseTemplate(source string) (t template, err error) {
	if len(source) > maxTemplate {
		return t, fmt.Errorf("%w: it has more than %d bytes", ErrTemplate, maxTemplate)
	}
	if t.text, err = text.New("").Parse(source); err != nil {
		return t, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	for _, part := range t.text.Templates() {
		if part.Tree == nil || part.Name() == "" {
			continue
		}
		if !slices.Contains(parts, part.Name()) {
			return t, fmt.Errorf("%w: %q is no part of a letter", ErrTemplate, part.Name())
		}
		if err := harmless(part.Root); err != nil {
			return t, err
		}
	}
	if t.html, err = html.New("").Parse(source); err != nil {
		return t, fmt.Errorf("%w: %w", ErrTemplate, err)
	}
	return t, nil
}

// harmless refuses whatever could loop, grow or call: only words, fields and conditions are needed.
func harmless(n parse.Node) error {
	switch n := n.(type) {
	case nil, *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, inner := range n.Nodes {
			if err := harmless(inner); err != nil {
				return err
			}
		}
		return nil
	case *parse.ActionNode:
		return plain(n.Pipe)
	case *parse.IfNode:
		return branch(n.BranchNode)
	case *parse.WithNode:
		return branch(n.BranchNode)
	}
	return fmt.Errorf("%w: %s is not for letters", ErrTemplate, n)
}

func branch(n parse.BranchNode) error {
	return errors.Join(plain(n.Pipe), harmless(n.List), harmless(n.ElseList))
}

// plain lets a pipeline name fields and compare them.
func plain(p *parse.PipeNode) error {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return fmt.Errorf("%w: %s is not for letters", ErrTemplate, p)
	}
	for _, a := range p.Cmds[0].Args {
		switch a := a.(type) {
		case *parse.FieldNode, *parse.DotNode, *parse.StringNode:
		case *parse.IdentifierNode:
			if !slices.Contains([]string{"eq", "ne", "not", "and", "or"}, a.Ident) {
				return fmt.Errorf("%w: %s is not for letters", ErrTemplate, a.Ident)
			}
		case *parse.PipeNode:
			if err := plain(a); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: %s is not for letters", ErrTemplate, a)
		}
	}
	return nil
}

// write runs the parts that are there.
func (t template) write(v view, wanted []string) (map[string]string, error) {
	written := map[string]string{}
	for _, name := range wanted {
		if t.text.Lookup(name) == nil {
			continue
		}
		w := &limited{}
		var err error
		if name == "html" {
			err = t.html.ExecuteTemplate(w, name, v)
		} else {
			err = t.text.ExecuteTemplate(w, name, v)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTemplate, err)
		}
		written[name] = strings.TrimSpace(w.String()) + "\n"
	}
	return written, nil
}

// limited is a buffer that fails when it is full.
type limited struct{ bytes.Buffer }

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxWritten {
		return 0, io.ErrShortWrite
	}
	return l.Buffer.Write(p)
}

// builtInTemplate reads one of ours.
func builtInTemplate(k Kind, l language) (template, error) {
	source, err := builtIn.ReadFile("templates/" + l.name + "/" + string(k) + ".tmpl")
	if err != nil {
		return template{}, fmt.Errorf("%w: no letter %q", ErrOccasion, k)
	}
	return parseTemplate(string(source))
}
