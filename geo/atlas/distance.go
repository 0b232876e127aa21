package atlas

import "math"

// radius is the earth's mean radius in km.
const radius = 6371.0

// Distance is the length of the great circle between two points, in km.
func Distance(a, b Point) float64 {
	return radius * angle(a, b)
}

// angle is that between two points, seen from the centre of the earth.
func angle(a, b Point) float64 {
	la, lb := radians(a.Lat), radians(b.Lat)
	// The haversine keeps its precision for neighbours.
	h := sqr(math.Sin((lb-la)/2)) + math.Cos(la)*math.Cos(lb)*sqr(math.Sin(radians(b.Lon-a.Lon)/2))
	return 2 * math.Asin(math.Sqrt(min(1, h)))
}

// Arc are steps+1 points on the great circle from a to b, both included.
func Arc(a, b Point, steps int) []Point {
	whole := angle(a, b)
	points := make([]Point, 0, steps+1)
	for i := range steps + 1 {
		f := float64(i) / float64(steps)
		if whole < 1e-9 {
			points = append(points, a)
			continue
		}
		u, v := math.Sin((1-f)*whole)/math.Sin(whole), math.Sin(f*whole)/math.Sin(whole)
		x := u*math.Cos(radians(a.Lat))*math.Cos(radians(a.Lon)) + v*math.Cos(radians(b.Lat))*math.Cos(radians(b.Lon))
		y := u*math.Cos(radians(a.Lat))*math.Sin(radians(a.Lon)) + v*math.Cos(radians(b.Lat))*math.Sin(radians(b.Lon))
		z := u*math.Sin(radians(a.Lat)) + v*math.Sin(radians(b.Lat))
		points = append(points, Point{Lat: degrees(math.Atan2(z, math.Hypot(x, y))), Lon: degrees(math.Atan2(y, x))})
	}
	return points
}

func radians(d float64) float64 { return d * math.Pi / 180 }
func degrees(r float64) float64 { return r * 180 / math.Pi }
func sqr(x float64) float64     { return x * x }
