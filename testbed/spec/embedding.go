package spec

var embedding = List{"Embedding and customisation", []Requirement{
	{"F-125", "In a frame", "a page that embeds the meeting by the usual markup is in it", Page, ""},
	{"F-126", "By redirect", "a partner's page sends somebody over with a token, and they are in", Facade, ""},
	{"F-127", "The sites that may embed, with a wildcard", "a listed one shows the frame, another one's browser refuses; the wildcard is any depth below, not the domain itself", Page, ""},
	{"F-128", "What a frame may use", "what the frame is not allowed is hidden or explained, the rest works", Page, ""},
	{"F-129", "Single controls can be hidden", "not in the document, and their keys dead", Page, ""},
	{"F-130", "All controls can be hidden", "and the page around the frame can bring them back", Page, ""},
	{"F-131", "Chat can be off for one participant", "no button, nothing pops up", Page, ""},
	{"F-132", "A tenant's colours, background, logo and link", "seen; the link opens in a new tab; addresses with other schemes do nothing", Page, ""},
	{"F-133", "No other name than the tenant's", "in no text, icon, title, e-mail, certificate or header", Page, ""},
	{"F-134", "The view at the start by parameter", "the named one; an unknown one is the gallery", Page, ""},
	{"F-135", "The invitation can be hidden", "no button", Page, ""},
	{"F-136", "Parameters for each participant", "two in one room with different ones have each their own", Page, ""},
	{"F-137", "Any other page in a frame", "listed sites can embed the list of meetings too", Facade, ""},
	{"F-138", "A partner's own JavaScript library", "its sample works with only the host changed", Facade, ""},
	{"F-139", "A partner's own configuration parameters", "each does what it did there", Facade, ""},
	{"F-140", "Parameters are read with tolerance", "line breaks in a pasted address, an alias, a misspelling that partners use", Page, ""},
	{"F-141", "Small frames", "all main controls within reach at a height of 500 px; the strip at 200 px", Page, ""},
	{"F-142", "Accessible to everybody", "every control by keyboard and with a name, contrast of WCAG AA in both schemes", Page, ""},
}}
