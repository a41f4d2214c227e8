"""R: a regression and a plot."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["r-base-core", "r-cran-jsonlite"],
    files={"/app/model.R": """
library(jsonlite)
model <- lm(dist ~ speed, data = cars)
pdf("/tmp/plot.pdf"); plot(cars); abline(model); invisible(dev.off())
svg("/tmp/plot.svg"); plot(cars); invisible(dev.off())
cat(toJSON(list(slope = round(unname(coef(model)[2]), 2), pdf = file.size("/tmp/plot.pdf") > 2000,
    svg = file.size("/tmp/plot.svg") > 2000), auto_unbox = TRUE), "\\n")
"""},
    cmd=["Rscript", "/app/model.R"],
)


def probe(app):
    want(app.run(), '{"slope":3.93,"pdf":true,"svg":true}')
