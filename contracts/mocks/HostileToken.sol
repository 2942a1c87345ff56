// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title HostileToken
/// @notice A token that behaves until it is told not to.
contract HostileToken is ERC20 {
    /// @dev What a transfer does. `ReturnsFalse` moves nothing, `ReturnsNothing` moves but has no return value, `Floods`
    /// reverts with all the data that its gas can pay for.
    enum Mode {
        Honest,
        ReturnsFalse,
        ReturnsNothing,
        BurnsGas,
        Floods
    }

    uint8 private immutable _decimals;

    /// @notice What a transfer does.
    Mode public mode;

    /// @notice Whether no token moves.
    bool public paused;

    /// @notice Part of each transfer that is burnt [basis points].
    uint256 public feeBps;

    /// @notice Accounts that cannot receive.
    mapping(address account => bool blocked) public blocked;

    /// @notice Accounts that cannot send.
    mapping(address account => bool frozen) public frozen;

    /// @notice Whether asking for a balance or an allowance takes all the gas there is.
    bool public mute;

    /// @notice Called back in each transfer; none when zero.
    address public reentered;

    /// @notice What {reentered} is called with.
    bytes public payload;

    /// @notice Whether the last call back succeeded.
    bool public succeeded;

    /// @notice What the last call back returned or reverted with.
    bytes public response;

    /// @notice Thrown while no token moves.
    error TokenPaused();

    /// @notice Thrown when an account cannot receive.
    error ReceiverBlocked(address account);

    /// @notice Thrown when an account cannot send.
    error SenderFrozen(address account);

    constructor(uint8 decimals_) ERC20("Hostile", "HOSTILE") {
        _decimals = decimals_;
    }

    /// @notice Mints.
    /// @param account To whom.
    /// @param amount How much [token].
    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    /// @notice Burns anybody's tokens, as a token that rebases does.
    /// @param account Whose.
    /// @param amount How much [token].
    function seize(address account, uint256 amount) external {
        _burn(account, amount);
    }

    /// @notice Chooses what a transfer does.
    /// @param mode_ The mode.
    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice Stops or restarts all transfers.
    /// @param paused_ Whether they stop.
    function setPaused(bool paused_) external {
        paused = paused_;
    }

    /// @notice Chooses the fee on transfers.
    /// @param feeBps_ The fee [basis points].
    function setFeeBps(uint256 feeBps_) external {
        feeBps = feeBps_;
    }

    /// @notice Blocks an account from receiving.
    /// @param account Whom.
    /// @param blocked_ Whether it is blocked.
    function setBlocked(address account, bool blocked_) external {
        blocked[account] = blocked_;
    }

    /// @notice Blocks an account from sending.
    /// @param account Whom.
    /// @param frozen_ Whether it is blocked.
    function setFrozen(address account, bool frozen_) external {
        frozen[account] = frozen_;
    }

    /// @notice Chooses whether balances and allowances can be asked for.
    /// @param mute_ Whether asking takes all the gas there is.
    function setMute(bool mute_) external {
        mute = mute_;
    }

    /// @notice Chooses whom each transfer calls back.
    /// @param target_ Whom; zero for none.
    /// @param payload_ With what.
    function setReentry(address target_, bytes calldata payload_) external {
        reentered = target_;
        payload = payload_;
    }

    /// @inheritdoc ERC20
    function transfer(address receiver, uint256 amount) public override returns (bool success) {
        if (mode == Mode.ReturnsFalse) return false;
        super.transfer(receiver, amount);
        return _answer();
    }

    /// @inheritdoc ERC20
    function transferFrom(address account, address receiver, uint256 amount) public override returns (bool success) {
        if (mode == Mode.ReturnsFalse) return false;
        super.transferFrom(account, receiver, amount);
        return _answer();
    }

    /// @inheritdoc ERC20
    function balanceOf(address account) public view override returns (uint256) {
        _burnGasIf(mute);
        return super.balanceOf(account);
    }

    /// @inheritdoc ERC20
    function allowance(address account, address spender) public view override returns (uint256) {
        _burnGasIf(mute);
        return super.allowance(account, spender);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _update(address account, address receiver, uint256 amount) internal override {
        bool moves = account != address(0) && receiver != address(0);
        if (!moves) {
            super._update(account, receiver, amount);
            return;
        }
        require(!paused, TokenPaused());
        require(!blocked[receiver], ReceiverBlocked(receiver));
        require(!frozen[account], SenderFrozen(account));
        _burnGasIf(mode == Mode.BurnsGas);
        _floodIf(mode == Mode.Floods);
        uint256 fee = (amount * feeBps) / 10_000;
        super._update(account, receiver, amount - fee);
        if (fee != 0) super._update(account, address(0), fee);
        // solhint-disable-next-line avoid-low-level-calls
        if (reentered != address(0)) (succeeded, response) = reentered.call(payload);
    }

    function _answer() private view returns (bool) {
        if (mode != Mode.ReturnsNothing) return true;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(0, 0)
        }
    }

    /// @dev Takes all the gas there is, as an invalid opcode does.
    function _burnGasIf(bool burns) private view {
        if (burns) while (gasleft() != 0) continue;
    }

    function _floodIf(bool floods) private view {
        if (!floods) return;
        // A word of memory costs 3 gas and words² / 512: a third of the gas goes into the square.
        uint256 words = Math.sqrt((gasleft() / 3) * 512);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            revert(0, mul(words, 32))
        }
    }
}
