#!/usr/bin/env python3
"""Sends one pairing request over AMQP 1.0. Needs python-qpid-proton.

Usage: send_request.py amqp://127.0.0.1:61616 PASSWORD-FILE JOB-ID NAME OTP-FILE
"""
import json
import sys

from proton import Message, symbol
from proton.reactor import SenderOption
from proton.utils import BlockingConnection


class ToQueue(SenderOption):
    """Says that the target is a queue (AMQP capability), so that a topic of that name is never meant."""

    def apply(self, sender):
        sender.target.capabilities.put_object(symbol("queue"))


def main():
    url, password_file, job_id, name, otp_file = sys.argv[1:]
    connection = BlockingConnection(url, user="erp-requester", password=open(password_file).read().strip(),
                                    allowed_mechs="PLAIN", timeout=30)
    try:
        sender = connection.create_sender("pairing.requests", options=ToQueue())
        body = {"name": name, "otp": open(otp_file).read().strip(), "reference": {"store": "0815"}}
        message = Message(body=json.dumps(body), durable=True)  # durable is not the default of AMQP
        message.properties = {"PairingJobId": job_id}
        message.ttl = 30 * 60  # seconds in this library; optional
        sender.send(message)  # returns once the broker has accepted it; raises if it did not
        print("sent", job_id)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
