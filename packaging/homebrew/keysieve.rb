# The formula for a tap. `packaging/make manifests` fills in the version and the checksums.
class Keysieve < Formula
  desc "Secret scanner and git hook"
  homepage "${repository}"
  version "${version}"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "${downloads}/v${version}/keysieve-aarch64-apple-darwin.tar.gz"
      sha256 "${sha256_aarch64_apple_darwin}"
    end
    on_intel do
      url "${downloads}/v${version}/keysieve-x86_64-apple-darwin.tar.gz"
      sha256 "${sha256_x86_64_apple_darwin}"
    end
  end

  on_linux do
    on_arm do
      url "${downloads}/v${version}/keysieve-aarch64-unknown-linux-musl.tar.gz"
      sha256 "${sha256_aarch64_unknown_linux_musl}"
    end
    on_intel do
      url "${downloads}/v${version}/keysieve-x86_64-unknown-linux-musl.tar.gz"
      sha256 "${sha256_x86_64_unknown_linux_musl}"
    end
  end

  def install
    bin.install "keysieve"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/keysieve.bash" => "keysieve"
    zsh_completion.install "completions/_keysieve"
    fish_completion.install "completions/keysieve.fish"
  end

  test do
    (testpath/"clean.txt").write "nothing to find\n"
    system bin/"keysieve", "scan", testpath/"clean.txt"
    assert_match version.to_s, shell_output("#{bin}/keysieve --version")
  end
end
