# Reads a number of iterations a line, answers with seconds; the factors are in W.bin and H.bin.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
k <- as.integer(arguments[2])
suppressMessages({ library(Matrix); library(RcppML) })
setRcppMLthreads(as.integer(arguments[3]))

numbers <- function(name, what, size = 8) {
  path <- file.path(folder, name)
  readBin(path, what, file.size(path) / size)
}
shape <- numbers("shape.bin", "integer", 4)
x <- numbers("x.bin", "numeric")
if (file.exists(file.path(folder, "p.bin"))) {
  X <- new("dgCMatrix", i = numbers("i.bin", "integer", 4), p = numbers("p.bin", "integer", 4), x = x, Dim = shape)
} else {
  X <- matrix(x, shape[1])
}
rm(x)

cat("ready", as.character(packageVersion("RcppML")), "\n")
input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  iterations <- as.integer(line)
  began <- Sys.time()
  model <- nmf(X, k, tol = 0, maxit = iterations, verbose = FALSE, seed = 1)
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  writeBin(as.vector(model$w %*% diag(model$d)), file.path(folder, "W.bin"))
  writeBin(as.vector(model$h), file.path(folder, "H.bin"))
  cat(seconds, "\n", sep = "")
}
