"""Rails and Puma from Debian's packed gems, with SQLite, Nokogiri, time zones and a template."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ruby", "ruby-rails", "ruby-sqlite3", "puma", "ruby-bootsnap", "ruby-tzinfo", "tzdata",
              "ruby-nokogiri", "bundler"],
    files={"/app/config.ru": """
require 'rails'
require 'action_controller/railtie'
require 'active_record'
require 'nokogiri'
ActiveRecord::Base.establish_connection(adapter: 'sqlite3', database: '/tmp/x.db')
class App < Rails::Application
  config.eager_load = false; config.secret_key_base = 'x' * 30; config.hosts.clear; config.logger = Logger.new($stdout)
  config.time_zone = 'Berlin'
  routes.append { root to: 'w#i' }
end
class Thing < ActiveRecord::Base; end
ActiveRecord::Schema.define { create_table(:things, force: true) { |t| t.string :n; t.timestamps } }
class WController < ActionController::Base
  def i
    Thing.create!(n: 'x')
    render inline: "<%= Thing.count %> <%= Time.zone.parse('2024-07-01').zone %> <%= number_to_currency(5) %> <%= time_ago_in_words(3.days.ago) %> <%= 'person'.pluralize %> <%= Nokogiri::HTML('<p>q').text %>"
  end
end
App.initialize!
run App
"""}, workdir="/app",
    env=["LANG=C.UTF-8", "RAILS_ENV=production", "RAILS_LOG_TO_STDOUT=1"],
    cmd=["puma", "-b", "tcp://0.0.0.0:9292"])


def probe(app):
    with app.start() as server:
        want(server.get(9292, "/"), "1 CEST $5.00 3 days people q")
