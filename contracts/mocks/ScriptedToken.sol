// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title ScriptedToken
/// @notice A token that misbehaves on demand: it refuses, answers false, takes a fee, or calls somebody in the middle.
contract ScriptedToken is ERC20 {
    uint8 private immutable _decimals;

    /// @dev Accounts that can neither send nor receive.
    mapping(address account => bool refused) public isRefused;
    /// @dev Whether a transfer of a refused account answers false instead of reverting.
    bool public answersFalse;
    /// @dev Share of each transfer that vanishes [basis points].
    uint256 public feeBps;

    address private _hookTarget;
    bytes private _hookData;
    bool public hookSucceeded;
    bytes public hookResult;

    error Refused(address account);

    constructor(uint8 decimals_) ERC20("Scripted", "SCR") {
        _decimals = decimals_;
    }

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }

    function refuse(address account, bool refused) external {
        isRefused[account] = refused;
    }

    function setAnswersFalse(bool on) external {
        answersFalse = on;
    }

    function setFeeBps(uint256 bps) external {
        feeBps = bps;
    }

    /// @dev The next transfer between accounts calls `target` once, after the balances have moved.
    function setHook(address target, bytes calldata data) external {
        _hookTarget = target;
        _hookData = data;
        hookSucceeded = false;
        hookResult = "";
    }

    function transfer(address receiver, uint256 amount) public override returns (bool) {
        if (_silent(msg.sender, receiver)) return false;
        return super.transfer(receiver, amount);
    }

    function transferFrom(address sender, address receiver, uint256 amount) public override returns (bool) {
        if (_silent(sender, receiver)) return false;
        return super.transferFrom(sender, receiver, amount);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function _update(address sender, address receiver, uint256 amount) internal override {
        require(!isRefused[sender], Refused(sender));
        require(!isRefused[receiver], Refused(receiver));
        super._update(sender, receiver, amount);
        if (sender == address(0) || receiver == address(0)) return;
        uint256 fee = (amount * feeBps) / 10_000;
        if (fee != 0) super._update(receiver, address(0), fee);
        _callHook();
    }

    function _callHook() private {
        address target = _hookTarget;
        if (target == address(0)) return;
        _hookTarget = address(0);
        hookSucceeded = LowLevelCall.callNoReturn(target, _hookData);
        hookResult = LowLevelCall.returnData();
    }

    function _silent(address sender, address receiver) private view returns (bool) {
        return answersFalse && (isRefused[sender] || isRefused[receiver]);
    }
}
