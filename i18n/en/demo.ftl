# The example company.

demo-open = Open { $url } in your browser. Everything is thrown away when you stop with Ctrl-C.
demo-sign-in = Sign in as one of { $names }; the password is: { $password }
demo-code = The code now: { $code }
