"""Ansible runs a playbook on the machine itself."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ansible-core"],
    files={"/play.yml": """- hosts: localhost
  connection: local
  gather_facts: true
  tasks:
    - copy: {content: "hi {{ ansible_facts.system }}", dest: /tmp/out}
    - command: cat /tmp/out
      register: out
    - debug: {msg: "{{ out.stdout | upper }}"}
"""},
    env=["LC_ALL=C.UTF-8"],
    cmd=["ansible-playbook", "-i", "localhost,", "/play.yml"],
)


def probe(app):
    want(app.run(), "HI LINUX")
