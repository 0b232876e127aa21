package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// prefix begins every variable that overrides a key.
const prefix = "MERIDIAN"

// override sets every key whose variable is in the environment and returns
// which. Variables that name no key are left alone: orchestrators set their own
// with any prefix.
func override(c *Config, environ []string) (complaints []complaint, keys map[string]bool) {
	set := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			set[name] = value
		}
	}
	keys = make(map[string]bool)
	walk(reflect.ValueOf(c).Elem(), "", func(key string, v reflect.Value) {
		text, ok := set[variable(key)]
		if !ok {
			return
		}
		keys[key] = true
		if err := assign(v, text); err != nil {
			complaints = append(complaints, complaint{text: fmt.Sprintf("environment variable %s: %v", variable(key), err)})
		}
	})
	return complaints, keys
}

// variable is the name of a key's environment variable.
func variable(key string) string {
	return prefix + "_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// walk visits every key with its path and value.
func walk(v reflect.Value, path string, visit func(string, reflect.Value)) {
	for field, value := range v.Fields() {
		key := join(path, field.Tag.Get("yaml"))
		if value.Kind() == reflect.Struct {
			walk(value, key, visit)
			continue
		}
		visit(key, value)
	}
}

// assign reads a text as the kind of value a key has.
func assign(v reflect.Value, text string) error {
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 30s", text)
		}
		v.SetInt(int64(d))
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		v.SetInt(int64(n))
	case []string:
		v.Set(reflect.ValueOf(list(text)))
	default:
		v.SetString(text)
	}
	return nil
}

// list splits at commas; an empty text is an empty list.
func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
