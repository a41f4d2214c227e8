"""A script of Elixir with OTP's TLS and HTTP applications, a logger and a program that it starts."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["elixir", "erlang-inets", "erlang-ssl", "erlang-crypto", "ca-certificates"],
    files={"/app/main.exs": """
:ok = Application.ensure_started(:crypto)
{:ok, _} = Application.ensure_all_started(:ssl)
{:ok, _} = Application.ensure_all_started(:inets)
IO.puts(Base.encode16(:crypto.hash(:sha256, "x")))
IO.puts(String.upcase("käse"))
IO.puts(:unicode.characters_to_nfd_binary("é") |> byte_size)
{out, 0} = System.cmd("date", ["+%Y"])
IO.puts("year " <> out)
require Logger
Logger.info("logged")
Process.sleep(100)
"""}, workdir="/app", env=["LANG=C.UTF-8"], cmd=["elixir", "main.exs"])


def probe(app):
    said = app.run()
    want(said, "2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881")
    want(said, "KÄSE")
    want(said, "year 20")
