from corral.gateway.vitals import LONGEST_SILENCE_S, Vitals, hang_reason


def test_an_engine_that_beats_and_steps_is_well():
    assert hang_reason(Vitals(silent_s=1.0, step_age_s=5.0), hang_s=600) is None


def test_an_engine_without_a_heartbeat_hangs():
    assert "no heartbeat" in hang_reason(Vitals(silent_s=LONGEST_SILENCE_S + 1, step_age_s=0.0), hang_s=600)


def test_an_engine_that_loads_may_be_silent_for_longer():
    assert hang_reason(Vitals(silent_s=500.0, step_age_s=0.0, is_loading=True), hang_s=600) is None
    assert hang_reason(Vitals(silent_s=601.0, step_age_s=0.0, is_loading=True), hang_s=600) is not None


def test_an_engine_whose_step_is_too_old_hangs_although_its_heart_beats():
    assert "step" in hang_reason(Vitals(silent_s=0.5, step_age_s=601.0), hang_s=600)
