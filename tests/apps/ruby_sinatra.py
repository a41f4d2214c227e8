"""A Sinatra application on Puma."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ruby", "ruby-sinatra", "puma", "ruby-sqlite3"],
    files={
        "/app/config.ru": "require_relative 'app'\nrun Sinatra::Application\n",
        "/app/app.rb": """require 'sinatra'
require 'json'
require 'erb'
require 'openssl'
require 'sqlite3'
get '/hello/:name' do
  db = SQLite3::Database.new(':memory:')
  content_type :json
  { hello: params[:name], one: db.get_first_value('SELECT 1'),
    digest: OpenSSL::Digest.hexdigest('SHA256', params[:name])[0, 6] }.to_json
end
get('/page') { erb '<p><%= Time.at(0).utc.year %></p>' }
""",
    },
    workdir="/app",
    cmd=["puma", "-b", "tcp://0.0.0.0:9292"],
)


def probe(app):
    with app.start() as service:
        want(service.get(9292, "/hello/ann"), '"hello":"ann","one":1,"digest":"')
        want(service.get(9292, "/page"), "<p>1970</p>")
