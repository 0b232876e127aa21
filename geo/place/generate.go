//go:build ignore

// Generate writes places.tsv from the files zone.tab and tzdata.zi of the IANA
// time zone database, which are in the public domain. The database's folder may
// be given as an argument; Debian's package tzdata has it in /usr/share/zoneinfo.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// seats are the zones that stand for countries with several.
var seats = map[string]string{
	"AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto", "CD": "Africa/Kinshasa",
	"CL": "America/Santiago", "CN": "Asia/Shanghai", "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
	"FM": "Pacific/Pohnpei", "GL": "America/Nuuk", "ID": "Asia/Jakarta", "KI": "Pacific/Tarawa", "KZ": "Asia/Almaty", "MH": "Pacific/Majuro",
	"MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PF": "Pacific/Tahiti",
	"PG": "Pacific/Port_Moresby", "PS": "Asia/Hebron", "PT": "Europe/Lisbon", "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "UM": "Pacific/Wake",
	"US": "America/Chicago", "UZ": "Asia/Tashkent", "AQ": "Antarctica/McMurdo",
}

func main() {
	folder := "/usr/share/zoneinfo"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	zones, err := os.ReadFile(filepath.Join(folder, "zone.tab"))
	if err != nil {
		log.Fatal(err)
	}
	rules, err := os.ReadFile(filepath.Join(folder, "tzdata.zi"))
	if err != nil {
		log.Fatal(err)
	}
	out, err := places(string(zones), string(rules))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("places.tsv", out, 0o644); err != nil {
		log.Fatal(err)
	}
}

func places(zones, rules string) ([]byte, error) {
	at := map[string]string{} // name to columns
	several := map[string][]string{}
	for line := range strings.Lines(zones) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") || len(f) < 3 {
			continue
		}
		degrees, err := columns(f[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f[2], err)
		}
		at[f[2]] = degrees
		several[f[0]] = append(several[f[0]], f[2])
	}
	for country, names := range several {
		seat := names[0]
		if len(names) > 1 {
			seat = seats[country]
		}
		if at[seat] == "" {
			return nil, fmt.Errorf("%s has several zones and none that stands for it", country)
		}
		at[country] = at[seat]
	}
	link(rules, at)
	var out bytes.Buffer
	version, _, _ := strings.Cut(rules, "\n")
	fmt.Fprintf(&out, "# From the IANA time zone database (public domain), %s\n", strings.TrimPrefix(version, "# "))
	names := make([]string, 0, len(at))
	for name := range at {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&out, "%s\t%s\n", name, at[name])
	}
	return out.Bytes(), nil
}

// link gives former names the place of the zone they mean now ("L new old").
func link(rules string, at map[string]string) {
	for range 3 { // links to links
		for line := range strings.Lines(rules) {
			f := strings.Fields(line)
			if len(f) == 3 && f[0] == "L" && strings.Contains(f[2], "/") && at[f[2]] == "" && at[f[1]] != "" {
				at[f[2]] = at[f[1]]
			}
		}
	}
}

// columns reads ±DDMM±DDDMM or ±DDMMSS±DDDMMSS (ISO 6709).
func columns(text string) (string, error) {
	i := strings.LastIndexAny(text, "+-")
	if i < 1 {
		return "", errors.New("no coordinates")
	}
	lat, err := degrees(text[:i], 2)
	if err != nil {
		return "", err
	}
	lon, err := degrees(text[i:], 3)
	return strconv.FormatFloat(lat, 'f', -1, 64) + "\t" + strconv.FormatFloat(lon, 'f', -1, 64), err
}

func degrees(text string, whole int) (float64, error) {
	digits := text[1:]
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, err
	}
	seconds := 0
	if len(digits) == whole+4 {
		n, seconds = n/100, n%100
	}
	d := float64(n/100) + float64(n%100)/60 + float64(seconds)/3600
	if text[0] == '-' {
		d = -d
	}
	return math.Round(d*100) / 100, nil
}
