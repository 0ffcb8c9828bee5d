Application.ensure_all_started(:logger)
ExUnit.start(assert_receive_timeout: 5_000)
