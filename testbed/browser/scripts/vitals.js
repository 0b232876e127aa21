// Watches a page from its first moment: when it painted, whether what it showed
// moved, and what went wrong.
{
	const vitals = (window.vitals = { first: 0, largest: 0, shift: 0, wrong: [] });
	const watch = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
	watch("paint", (e) => e.name === "first-contentful-paint" && (vitals.first = e.startTime));
	watch("largest-contentful-paint", (e) => (vitals.largest = e.startTime));
	watch("layout-shift", (e) => e.hadRecentInput || (vitals.shift += e.value));
	watch("resource", (e) => e.responseStatus >= 400 && vitals.wrong.push(`${e.responseStatus} ${e.name}`));
	addEventListener("error", (e) => vitals.wrong.push(String(e.message)));
	addEventListener("unhandledrejection", (e) => vitals.wrong.push(String(e.reason)));
	addEventListener("securitypolicyviolation", (e) => vitals.wrong.push(`policy: ${e.violatedDirective} ${e.blockedURI}`));
	const error = console.error;
	console.error = (...what) => (vitals.wrong.push(what.join(" ")), error.call(console, ...what));
}
