package config

import "reflect"

// Variables lists the environment variables of all keys.
func Variables() []string {
	var names []string
	walk(reflect.ValueOf(&Config{}).Elem(), "", func(key string, _ reflect.Value) {
		names = append(names, variable(key))
	})
	return names
}
