from corral.api.header_names import spelled


def test_names_get_their_usual_capitals_and_keep_them():
    ((name, value),) = spelled([(b"process-start-time-unix", b"5")])

    assert (name, name.lower(), value) == (b"Process-Start-Time-Unix", b"Process-Start-Time-Unix", b"5")


def test_what_the_server_reads_itself_stays_in_lower_case():
    headers = [(b"content-length", b"0"), (b"transfer-encoding", b"chunked"), (b"connection", b"close")]

    assert spelled(headers) == headers
